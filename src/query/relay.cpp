#include <meridian/query/relay.hpp>

#include <array>
#include <cstring>

#include "composer.hpp"

namespace meridian::query {
namespace {

constexpr std::uint8_t kTruncated = 0x02;  // in octet 2 of the header (RFC 1035, 4.1.1)
constexpr std::uint8_t kAuthentic = 0x20;  // in octet 3 (RFC 4035, 3.2.3)
constexpr std::size_t kArcount = 10;

std::uint16_t load16(const std::uint8_t* at) {
  return static_cast<std::uint16_t>(at[0] << 8 | at[1]);
}
void store16(std::uint8_t* at, std::size_t value) {
  at[0] = static_cast<std::uint8_t>(value >> 8);
  at[1] = static_cast<std::uint8_t>(value);
}

// Records from `at` to the end of a message that has been checked.
std::size_t count_records(std::span<const std::uint8_t> message, std::size_t at) {
  std::size_t records = 0;
  for (; at < message.size(); ++records) {
    while (message[at] != 0 && message[at] < 0xc0) at += 1u + message[at];
    at += message[at] == 0 ? 1 : 2;
    at += 10u + load16(&message[at + 8]);
  }
  return records;
}

// The records of the upstream's reply that go to the client: all before its OPT, which is for us alone (RFC 6891,
// 6.1.1). It is the last one nearly always; what stands behind it is additional data, which may be left out (RFC 2181,
// 9), and can't be moved without breaking pointers.
struct Body {
  std::span<const std::uint8_t> octets;
  std::size_t additional;
};

Body body_of(const dns::Reply& reply) {
  const std::size_t additional = load16(&reply.octets[kArcount]);
  if (reply.opt_end == 0) return {reply.octets.subspan(reply.question_end), additional};
  const auto octets = reply.octets.first(reply.opt_begin).subspan(reply.question_end);
  return {octets, additional - 1 - count_records(reply.octets, reply.opt_end)};
}

// Codes above 15 can't be said without an OPT record.
dns::Rcode sayable(const dns::Query& query, dns::Rcode rcode) {
  return query.edns || static_cast<unsigned>(rcode) <= 15 ? rcode : dns::Rcode::ServFail;
}

}  // namespace

std::size_t relay(const dns::Query& query, const dns::Reply& reply, std::optional<dns::ExtendedError> error,
                  const Settings& settings, const Client& client, std::span<std::uint8_t> out) {
  // Our own message without records: header, the client's question, our OPT. The body goes between the last two, at the
  // offset where it was, because the questions are of one length: its pointers stay right.
  std::array<std::uint8_t, 1024> frame;
  Composer composer(query, settings, client, frame);
  composer.start(sayable(query, reply.rcode), false, error);
  const std::size_t frame_size = composer.finish(Where::Forwarded).size;
  const std::size_t opt_size = frame_size - reply.question_end;
  if (reply.truncated) frame[2] |= kTruncated;
  const bool wants_authentic = query.authentic_data || (query.edns && query.edns->dnssec_ok);
  if (reply.authentic_data && wants_authentic) frame[3] |= kAuthentic;  // RFC 6840, 5.8

  const Body body = body_of(reply);
  if (frame_size + body.octets.size() > reply_limit(query, settings, client)) {
    frame[2] |= kTruncated;
    std::memcpy(out.data(), frame.data(), frame_size);
    return frame_size;
  }
  std::memcpy(out.data(), frame.data(), reply.question_end);
  std::memcpy(out.data() + reply.question_end, body.octets.data(), body.octets.size());
  std::memcpy(out.data() + reply.question_end + body.octets.size(), frame.data() + reply.question_end, opt_size);
  std::memcpy(out.data() + 6, reply.octets.data() + 6, 4);  // ANCOUNT and NSCOUNT
  store16(out.data() + kArcount, body.additional + (opt_size > 0 ? 1 : 0));
  return frame_size + body.octets.size();
}

std::size_t fail(const dns::Query& query, dns::Rcode rcode, dns::ExtendedError error, const Settings& settings,
                 const Client& client, std::span<std::uint8_t> out) {
  Composer reply(query, settings, client, out);
  reply.start(rcode, false, error);
  return reply.finish(Where::Forwarded).size;
}

}  // namespace meridian::query
