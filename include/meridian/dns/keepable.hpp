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
  std::uint32_t min = 0;            // a shorter TTL is raised to this, but not over max; 0: TTL 0 is not kept
  std::uint32_t negative_max = 60;  // of NODATA and NXDOMAIN; wins over min
};

// A reply that can be told again. TTLs stand at the same offsets in every copy of its octets.
struct Keepable {
  static constexpr std::size_t kMostRecords = 128;  // a reply with more is not kept
  // Cut to what may be told; no OPT. Its counts are right, those in the header of its octets are still the upstream's.
  Reply reply;
  std::uint32_t seconds = 0;  // it is good for: its smallest TTL; never 0
  bool denial = false;        // NODATA or NXDOMAIN (RFC 2308)
  std::uint8_t records = 0;
  std::array<std::uint16_t, kMostRecords> ttls;  // offset of each record's TTL in reply.octets; records of them
};

// Writes TTLs within `limits` into `octets`, which hold `reply` (TTL 2^31 and more is large: RFC 8767, 4), whether it
// is kept or not, so that who asks first sees what who asks next will see. Then looks whether it may be kept:
// - rcode NOERROR or NXDOMAIN, not truncated, and no NXDOMAIN for a name that has what was asked for (RFC 6604, 3);
// - each record of the answer section belongs to the chain from the question: its owner is the question's name or the
//   target of a CNAME of the chain (16 links at most, no loop, one CNAME at a name), its class the one asked, its type
//   the one asked, CNAME, or RRSIG of these; or a DNAME above one of them (RFC 6672), or its RRSIG. In any order. A
//   question for CNAME or ANY ends at its own name. Anything else in it, and nothing is kept (RFC 5452, 6);
// - where the chain's last name has nothing of the type asked it is a denial: one SOA stands at that name or a parent
//   of it (RFC 2308, 5). It lasts as long as the SOA's TTL and its minimum say, whichever is less, and no longer than
//   limits.negative_max; that is also the TTL that its SOA shows. A shorter TTL in it counts too;
// - of authority the front is kept as far as it is SOA, NSEC, NSEC3 and RRSIG; of additional nothing: no NS and no glue
//   is ever told again (RFC 2181, 5.4.1; RFC 5452, 6). Where SOA, NSEC or NSEC3 stand behind what is left out nothing
//   is kept: a client that validates would miss them.
// nullopt: may not be kept; the reply is good for whoever asked. Work: linear in the records of the reply, and for what
// may be kept 128 records times 17 names at most.
std::optional<Keepable> keep(std::span<std::uint8_t> octets, const Reply& reply, const TtlLimits& limits);

}  // namespace meridian::dns
