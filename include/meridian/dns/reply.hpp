#pragma once
// An upstream's reply, checked before anything else of ours looks at it. Pure: any thread, no allocation.

#include <cstdint>
#include <optional>
#include <span>

#include <meridian/dns/types.hpp>

namespace meridian::dns {

// Where things are in a reply that has been checked.
struct Reply {
  Rcode rcode = Rcode::NoError;            // extended bits of its OPT included
  bool truncated = false;                  // TC
  bool authentic_data = false;             // AD
  std::size_t question_end = 0;            // offset behind the question
  std::size_t opt_begin = 0, opt_end = 0;  // its OPT record; both 0 if there is none
  std::uint16_t counts[3] = {};            // answer, authority, additional records
  std::span<const std::uint8_t> octets;    // the message, borrowed; what came behind its last record is cut off
};

enum class CaseCheck : std::uint8_t { Ignore, Exact };  // Exact where DNS 0x20 is on

// Reads `octets` as the reply to the question `question` (name, type, class as sent) that was sent with `id`: QR=1,
// opcode QUERY, one question, the same; every count, name, pointer and RDLENGTH holds, names inside the RDATA of the
// types of RFC 1035, SRV, DNAME and those of RFC 3597, 4 too (so that what we relay can't hurt a client), and no
// pointer leads to octets of a TTL (so that it still can't when TTLs have been counted down). nullopt: not a reply to
// believe. Bounded work (RFC 5452, 9.1; traps: reliability).
std::optional<Reply> check_reply(std::span<const std::uint8_t> octets, std::uint16_t id,
                                 std::span<const std::uint8_t> question, CaseCheck check);

// The first extended error that the reply's OPT tells (RFC 8914), whatever its number.
std::optional<ExtendedError> extended_error(const Reply& reply);

}  // namespace meridian::dns
