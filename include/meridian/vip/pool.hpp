#pragma once
// Which addresses may be given out as VIPs: CIDRs less exclusions (behaviour: VIPs). A value; pure.

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace meridian::vip {

using Address = boost::asio::ip::address;
enum class Family : std::uint8_t { V4, V6 };
inline Family family_of(const Address& a) { return a.is_v4() ? Family::V4 : Family::V6; }

// A CIDR of either family, canonical (host bits cleared).
class Network {
 public:
  Network(const Address& address, unsigned prefix);  // asserts that prefix fits the family
  // "245.0.0.0/8", "fd00::/48", or one address (/32, /128). nullopt: neither.
  static std::optional<Network> parse(std::string_view text);

  Family family() const { return family_of(base_); }
  const Address& base() const { return base_; }
  unsigned prefix() const { return prefix_; }
  bool contains(const Address& address) const;
  bool contains(const Network& other) const;
  std::string to_text() const;
  bool operator==(const Network&) const = default;

 private:
  Address base_;
  unsigned prefix_;
};

class Pool {
 public:
  Pool(std::vector<Network> networks, std::vector<Network> excluded);

  // Why `network` can't be a pool at all (224.0.0.0/4, 127.0.0.0/8, 0.0.0.0/8, or nothing of it is left after what is
  // always excluded); nullopt: it can.
  static std::optional<std::string> refuse(const Network& network);
  // Excluded whatever the configuration says: other meshes' ranges, broadcast, last octet 0 and 255.
  static bool always_excluded(const Address& address);

  const std::vector<Network>& networks() const { return networks_; }
  bool has(Family family) const;
  // In a network of the pool and not excluded. Literal addresses of entries are the allocator's business.
  bool usable(const Address& address) const;
  // Number of places of a family, excluded ones too (they are skipped in probing); at most 2^63.
  std::uint64_t places(Family family) const;
  // The address at a place, place < places(family); places run through the networks in the order given.
  Address at(Family family, std::uint64_t place) const;
  // Usable addresses of a network of the pool, for metrics; saturates at 2^63.
  std::uint64_t usable_in(const Network& network) const;

 private:
  std::vector<Network> networks_;
  std::vector<Network> excluded_;
};

}  // namespace meridian::vip
