#pragma once
// Composes a reply into a buffer that the caller owns. Pure: any thread, no allocation, no exception.

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include <meridian/dns/message.hpp>
#include <meridian/dns/rrset.hpp>
#include <meridian/dns/types.hpp>

namespace meridian::dns {

// What our OPT record says. It is reserved in the buffer from the start, so truncation never pushes it out.
struct ReplyEdns {
  std::uint16_t payload = 1232;                 // what we take over UDP
  std::optional<ExtendedError> error = {};      // RFC 8914, without extra text
  std::string_view nsid = {};                   // empty: none; left out where it can't fit
  std::optional<std::uint16_t> keepalive = {};  // idle time-out in units of 100 ms (RFC 7828)
};

// Use: construct, add records section by section in the order of the message, finish() once.
// Header and question are written by the constructor: id, opcode, RD and CD copied, QR=1; the question echoed octet for
// octet if query.question is not empty. Every owner is a pointer to the question's name or to a suffix of it.
class MessageBuilder {
 public:
  // `out` must hold `limit` octets; limit >= kMinUdpPayload. Nothing beyond `limit` is written, OPT included.
  MessageBuilder(const Query& query, std::span<std::uint8_t> out, std::size_t limit);

  void set_rcode(Rcode rcode) { rcode_ = rcode; }
  void set_authoritative(bool on) { authoritative_ = on; }
  void set_recursion_available(bool on) { recursion_available_ = on; }
  // Reserves room for our OPT; call it before adding records, and only if query.edns is there.
  void set_edns(const ReplyEdns& edns);

  // Each adds an RRset whose owner is the question's name without its first `skip` labels. Records begin with number
  // `first` and wrap around (rotation). Returns false and, for answer() and authority(), sets TC if not all of it fits:
  // whole records that fit stay (RFC 2181, 9: only answer and authority that are required make a reply truncated).
  bool answer(const RRsetView& rrset, unsigned skip = 0, unsigned first = 0);
  bool authority(const RRsetView& rrset, unsigned skip);
  // All or nothing, and never TC: glue is a courtesy. With `owner` the name's own labels are written and then a pointer
  // to the question's name without `skip` labels: glue of ns.dns.<zone> is {"\2ns\3dns", pointer to the zone}.
  bool additional(const RRsetView& rrset, unsigned skip, std::span<const std::uint8_t> owner_prefix = {});

  // Writes counts, flags and OPT; returns the size of the message. Call once.
  std::size_t finish();

 private:
  enum Section : std::uint8_t { Answer, Authority, Additional };
  bool append(Section section, const RRsetView& rrset, unsigned skip, unsigned first,
              std::span<const std::uint8_t> owner_prefix);
  void write_opt(unsigned rcode);

  const Query& query_;
  std::span<std::uint8_t> out_;
  std::size_t limit_;  // less what OPT will take
  std::size_t size_ = 0;
  std::uint16_t counts_[3] = {};  // answer, authority, additional
  Rcode rcode_ = Rcode::NoError;
  bool authoritative_ = false;
  bool recursion_available_ = false;
  bool truncated_ = false;
  bool has_edns_ = false;
  ReplyEdns edns_;
};

}  // namespace meridian::dns
