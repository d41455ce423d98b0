#include <algorithm>
#include <meridian/dns/reply.hpp>

#include "fold.hpp"
#include "rdata.hpp"
#include "walker.hpp"

namespace meridian::dns {
namespace {

// The header's third and fourth octets (RFC 1035, 4.1.1; RFC 2535, 6.1).
constexpr std::uint8_t kResponse = 0x80;
constexpr std::uint8_t kOpcode = 0x78;
constexpr std::uint8_t kTruncated = 0x02;
constexpr std::uint8_t kAuthenticData = 0x20;
constexpr std::uint8_t kLowRcode = 0x0f;

constexpr std::size_t kTypeAndClass = 4;
constexpr std::size_t kTtlBeforeRdata = 6;  // TTL and RDLENGTH stand in front of RDATA
constexpr int kAdditional = 2;              // the last of the three sections of records

// Whether `theirs` is our question: type and class as sent, the name too or but for its case. Octets of length are
// never letters, so folding them changes nothing; type and class could be (type 65 is HTTPS, and 'A').
bool is_same_question(Message theirs, Message ours, CaseCheck check) {
  if (check == CaseCheck::Exact) return std::ranges::equal(theirs, ours);
  const std::size_t name = ours.size() - kTypeAndClass;
  const auto folded = [](std::uint8_t octet) { return fold(octet); };
  return std::ranges::equal(theirs.first(name), ours.first(name), {}, folded, folded) &&
         std::ranges::equal(theirs.subspan(name), ours.subspan(name));
}

// Takes over what the reply's OPT says; false if it is none (RFC 6891, 6.1).
bool read_opt(const RecordPlace& opt, int section, Reply& reply) {
  if (section != kAdditional || !opt.root_owner || reply.opt_end != 0) return false;
  reply.opt_begin = opt.begin;
  reply.opt_end = opt.end;
  const auto upper = static_cast<unsigned>(opt.ttl >> 24);  // RFC 6891, 6.1.3
  reply.rcode = static_cast<Rcode>(upper << 4 | static_cast<unsigned>(reply.rcode));
  return true;
}

}  // namespace

std::optional<Reply> check_reply(std::span<const std::uint8_t> octets, std::uint16_t id,
                                 std::span<const std::uint8_t> question, CaseCheck check) {
  if (question.size() <= kTypeAndClass || octets.size() < kHeaderSize + question.size()) return std::nullopt;
  if (octets.size() > kMaxMessage) return std::nullopt;
  if (read_u16(octets.data()) != id || (octets[2] & kResponse) == 0 || (octets[2] & kOpcode) != 0) return std::nullopt;
  if (read_u16(&octets[4]) != 1) return std::nullopt;
  if (!is_same_question(octets.subspan(kHeaderSize, question.size()), question, check)) return std::nullopt;

  Reply reply;
  reply.rcode = static_cast<Rcode>(octets[3] & kLowRcode);
  reply.truncated = (octets[2] & kTruncated) != 0;
  reply.authentic_data = (octets[3] & kAuthenticData) != 0;
  reply.question_end = kHeaderSize + question.size();
  TtlMap ttls(octets);
  std::size_t at = reply.question_end;
  for (int section = 0; section <= kAdditional; ++section) {
    reply.counts[section] = read_u16(&octets[static_cast<std::size_t>(6 + 2 * section)]);
    for (unsigned left = reply.counts[section]; left > 0; --left) {
      RecordPlace record;
      if (!find_record(octets, at, record, &ttls)) return std::nullopt;
      ttls.add(record.rdata - kTtlBeforeRdata);
      if (!is_good_rdata(octets, record, ttls)) return std::nullopt;
      if (record.type == Type::OPT && !read_opt(record, section, reply)) return std::nullopt;
      at = record.end;
    }
  }
  reply.octets = octets.first(at);  // what comes behind the last record is nobody's
  return reply;
}

std::optional<ExtendedError> extended_error(const Reply& reply) {
  constexpr std::size_t kBeforeOptions = 11;  // the root's octet, type, class, TTL, RDLENGTH
  std::optional<ExtendedError> found;
  if (reply.opt_end == 0) return found;
  const auto options = reply.octets.first(reply.opt_end).subspan(reply.opt_begin + kBeforeOptions);
  each_option(options, [&](Option code, std::span<const std::uint8_t> data) {
    if (!found && code == Option::ExtendedError && data.size() >= 2)
      found = static_cast<ExtendedError>(read_u16(data.data()));
    return true;
  });
  return found;
}

}  // namespace meridian::dns
