#pragma once
// What of an upstream's reply may be kept and told to others, and for how long. Pure: any thread, no allocation.

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include <meridian/dns/reply.hpp>

namespace meridian::dns {

struct TtlLimits {
  std::uint32_t max = 3600;         // seconds
  std::uint32_t min = 0;            // a shorter TTL is raised to this; 0: TTL 0 is not kept
  std::uint32_t negative_max = 60;  // of NODATA and NXDOMAIN
};

// A reply that can be told again. TTLs stand at the same offsets in every copy of its octets.
struct Keepable {
  static constexpr std::size_t kMostRecords = 128;  // a reply with more is not kept
  Reply reply;                                      // cut to what may be told; no OPT
  std::uint32_t seconds = 0;                        // it is good for: its smallest TTL; never 0
  bool denial = false;                              // NODATA or NXDOMAIN (RFC 2308)
  std::uint8_t records = 0;
  std::array<std::uint16_t, kMostRecords> ttls;  // offset of each record's TTL in reply.octets; records of them
};

// Writes TTLs within `limits` into `octets`, which hold `reply` (TTL 2^31 and more is large: RFC 8767, 4), whether it
// is kept or not, so that who asks first sees what who asks next will see. Then looks whether it may be kept:
// - rcode NOERROR or NXDOMAIN, not truncated;
// - each record of the answer section belongs to the chain from the question: its owner is the question's name or the
//   target of a CNAME of the chain (16 links at most, no loop), its type the one asked, CNAME, or (for DNSSEC) RRSIG;
//   or a DNAME above one of them (RFC 6672). Anything else in it, and nothing is kept (RFC 5452, 6);
// - a denial has a SOA at a parent of the chain's last name (RFC 2308, 5), and lasts as long as the SOA's TTL and its
//   minimum say, whichever is less, and no longer than limits.negative_max; that is also the TTL that its SOA shows;
// - of authority the front is kept as far as it is SOA, NSEC, NSEC3 and RRSIG; of additional nothing: no NS and no glue
//   is ever told again (RFC 2181, 5.4.1; RFC 5452, 6).
// nullopt: may not be kept; the reply is good for whoever asked.
std::optional<Keepable> keep(std::span<std::uint8_t> octets, const Reply& reply, const TtlLimits& limits);

}  // namespace meridian::dns
