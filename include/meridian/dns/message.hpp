#pragma once
// A query, read in place from the octets of a packet: checked once, strictly, in time bounded by the packet's size.
// Pure: any thread, no allocation, no exception.

#include <cstdint>
#include <optional>
#include <span>

#include <meridian/dns/name.hpp>
#include <meridian/dns/types.hpp>

namespace meridian::dns {

// What the client's OPT record says (RFC 6891).
struct Edns {
  std::uint16_t payload = 0;  // octets the client can take over UDP, as sent: below 512 means 512
  std::uint8_t version = 0;
  bool dnssec_ok = false;      // DO (RFC 3225)
  bool nsid = false;           // asked for NSID (RFC 5001)
  bool tcp_keepalive = false;  // sent edns-tcp-keepalive (RFC 7828)
};

// Why a packet is not a query that can be answered, in the order in which that is decided: a packet with several
// faults has the first of these.
enum class Fault : std::uint8_t {
  None,
  Drop,     // shorter than a header, or a response: no reply at all
  NotImp,   // an opcode other than QUERY
  FormErr,  // a question count other than one, or octets that are no message
};

// A parsed query borrows the packet: the packet must outlive it. With a fault other than Drop the header fields are
// good; `question` and `edns` are there as far as they could be read, so that the error reply can carry them.
struct Query {
  std::uint16_t id = 0;
  Opcode opcode = Opcode::Query;
  bool recursion_desired = false;
  bool checking_disabled = false;
  bool authentic_data = false;             // AD in a query: "tell me AD" (RFC 6840, 5.7)
  bool tsig = false;                       // a TSIG record was there (RFC 8945); we hold no keys
  std::span<const std::uint8_t> packet;    // all of it
  std::span<const std::uint8_t> question;  // name, type and class as they came; empty if there is not exactly one
  FoldedName name;                         // the question's name; meaningful if `question` is not empty
  Type type{};
  Class klass{};
  std::optional<Edns> edns;
};

// Reads `packet` into `query` (RFC 1035, 4.1; RFC 6891, 6.1; RFC 9619). Compression pointers must point strictly
// backward and past the header. Octets after the last record are ignored and never echoed. An OPT elsewhere than in the
// additional section or at another owner than the root, a second one, one whose options pass its end, and a cookie of a
// size that RFC 7873, 4 does not know are FormErr; a version other than 0 is not: that is BADVERS, and the caller's.
// But for Drop every field of `query` is set anew, so that one Query serves a whole loop.
Fault parse_query(std::span<const std::uint8_t> packet, Query& query);

}  // namespace meridian::dns
