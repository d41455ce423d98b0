#pragma once
// A CIDR of either family. A value; pure; any thread.

#include <boost/asio/ip/address.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace meridian::vip {

using Address = boost::asio::ip::address;
enum class Family : std::uint8_t { V4, V6 };
inline Family family_of(const Address& a) {
  return a.is_v4() ? Family::V4 : Family::V6;
}
constexpr unsigned width_of(Family family) {
  return family == Family::V4 ? 32 : 128;
}

// Canonical: the host bits are cleared, so that equal networks compare equal.
class Network {
 public:
  Network(const Address& address, unsigned prefix);  // asserts that prefix fits the family
  // "245.0.0.0/8", "fd00::/48", or one address (/32, /128). nullopt: neither. A zone ("fe80::1%eth0") is neither.
  static std::optional<Network> parse(std::string_view text);

  Family family() const { return family_of(base_); }
  const Address& base() const { return base_; }
  unsigned prefix() const { return prefix_; }
  bool contains(const Address& address) const;
  bool contains(const Network& other) const;
  // Two CIDRs overlap only if one contains the other.
  bool overlaps(const Network& other) const { return contains(other) || other.contains(*this); }
  std::string to_text() const;
  bool operator==(const Network&) const = default;

 private:
  Address base_;
  unsigned prefix_;
};

// The last 64 bits of an address as a number (all 32 of a v4 one), and the address whose last bits these are, the rest
// being that of `like`. Places of a pool are counted in them.
std::uint64_t low_bits(const Address& address);
Address with_low_bits(const Address& like, std::uint64_t low);

}  // namespace meridian::vip
