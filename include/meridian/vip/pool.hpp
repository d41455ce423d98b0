#pragma once
// Which addresses may be given out as VIPs: CIDRs less exclusions (behaviour: VIPs). A value; pure; any thread may
// read.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <meridian/vip/network.hpp>

namespace meridian::vip {

// The addresses of a family, numbered: the places run through the networks in the order given, excluded ones too (they
// are skipped in probing). A host's place is its hash modulo places(), so the numbering decides who gets what: changing
// it moves the VIPs of machines that have no ledger.
class Pool {
 public:
  // A network inside another one of the list adds nothing and is dropped.
  Pool(std::vector<Network> networks, std::vector<Network> excluded);

  // Why `network` can't be a pool at all (it touches 0.0.0.0/8, 127.0.0.0/8, 224.0.0.0/4 or their likes of IPv6:
  // multicast, loopback, link-local, v4-mapped; or nothing of it is left after what is always excluded); nullopt: it
  // can.
  static std::optional<std::string> refuse(const Network& network);
  // Excluded whatever the configuration says: what refuse() names, other meshes' ranges, broadcast, and for IPv4 the
  // last octets 0 and 255.
  static bool always_excluded(const Address& address);

  const std::vector<Network>& networks() const { return networks_; }
  bool has(Family family) const { return !spans(family).empty(); }
  // By always_excluded() or by the operator's list; inside the pool or not.
  bool excluded(const Address& address) const;
  // In a network of the pool and not excluded. Literal addresses of entries are the allocator's business.
  bool usable(const Address& address) const;

  // At most 2^63: of IPv6 networks only the first 2^63 addresses have places, of n together 2^63/n each.
  std::uint64_t places(Family family) const;
  // The address at a place, place < places(family), and back; nullopt: the address has no place here.
  Address at(Family family, std::uint64_t place) const;
  std::optional<std::uint64_t> place_of(const Address& address) const;

  // Usable addresses of a network of the pool that have a place, for metrics and for knowing when the pool is full. Of
  // a network that is not of the pool: as if it were.
  std::uint64_t usable_in(const Network& network) const;
  std::uint64_t usable_in(Family family) const;

  // Probing looks at 256 places at once: bit i of the block that begins at the place 256 * block is set if that place
  // exists and is usable.
  static constexpr std::uint64_t kBlock = 256;
  using Block = std::array<std::uint64_t, kBlock / 64>;
  Block usable_block(Family family, std::uint64_t block) const;
  // The end of the exclusion that covers `place`, places(family) at most; `place` itself if no CIDR excludes it. So
  // that nobody walks through 242.0.0.0/7 step by step.
  std::uint64_t skip_excluded(Family family, std::uint64_t place) const;

 private:
  struct Span {
    Network network;      // what has places of one of the networks
    std::uint64_t first;  // its first place
    std::uint64_t size;
  };
  const std::vector<Span>& spans(Family family) const { return spans_[static_cast<std::size_t>(family)]; }
  const Span& span_at(Family family, std::uint64_t place) const;
  const Network* exclusion_of(const Address& address) const;
  unsigned span_prefix(const Network& network) const;

  std::vector<Network> networks_;
  std::vector<Network> excluded_;  // with what is always excluded; sorted by base, none inside another
  std::array<std::vector<Span>, 2> spans_;
};

}  // namespace meridian::vip
