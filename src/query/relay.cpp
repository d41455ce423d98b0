#include <meridian/query/relay.hpp>

#include <cstring>

#include "composer.hpp"

namespace meridian::query {
namespace {

constexpr std::uint8_t kTruncated = 0x02;  // in octet 2 of the header (RFC 1035, 4.1.1)
constexpr std::uint8_t kAuthentic = 0x20;  // in octet 3 (RFC 4035, 3.2.3)
constexpr std::size_t kAncount = 6;        // three counts from there

std::uint16_t load16(const std::uint8_t* at) {
  return static_cast<std::uint16_t>(at[0] << 8 | at[1]);
}
void store16(std::uint8_t* at, std::size_t value) {
  at[0] = static_cast<std::uint8_t>(value >> 8);
  at[1] = static_cast<std::uint8_t>(value);
}

// The offset behind the record at `at` of a message that has been checked.
std::size_t end_of_record(std::span<const std::uint8_t> message, std::size_t at) {
  while (message[at] != 0 && message[at] < 0xc0) at += 1u + message[at];
  at += message[at] == 0 ? 1 : 2;
  return at + 10u + load16(&message[at + 8]);
}

// Records of the upstream's reply that go to the client.
struct Body {
  std::size_t end;  // they stand between the question and this offset
  std::uint16_t counts[3];
  bool truncated;
};

// All before its OPT, which is for us alone (RFC 6891, 6.1.1). It is the last one nearly always; what stands behind it
// is additional data, which may be left out (RFC 2181, 9), and can't be moved without breaking pointers.
Body body_of(const dns::Reply& reply) {
  Body body{reply.octets.size(), {reply.counts[0], reply.counts[1], reply.counts[2]}, reply.truncated};
  if (reply.opt_end == 0) return body;
  for (std::size_t at = reply.opt_begin; at < reply.octets.size(); at = end_of_record(reply.octets, at)) {
    --body.counts[2];
  }
  body.end = reply.opt_begin;
  return body;
}

// What of it ends at `limit`: additional data goes first, without a word (RFC 2181, 9); then whole records stay, and TC
// says that there are more. There are clients that never ask again over TCP (musl before 1.2.4), and they can use them.
Body cut(const dns::Reply& reply, std::size_t limit) {
  Body body{reply.question_end, {}, reply.truncated};
  for (const int section : {0, 1}) {
    for (; body.counts[section] < reply.counts[section]; ++body.counts[section]) {
      const std::size_t end = end_of_record(reply.octets, body.end);
      if (end > limit) {
        body.truncated = true;
        return body;
      }
      body.end = end;
    }
  }
  return body;
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
  Composer composer(query, settings, client, out);
  composer.start(sayable(query, reply.rcode), false, error);
  const std::size_t frame = composer.finish(Where::Forwarded).size;
  const std::size_t opt = frame - reply.question_end;

  Body body = body_of(reply);
  const std::size_t limit = std::min(out.size(), reply_limit(query, settings, client));
  if (body.end + opt > limit) body = cut(reply, limit - opt);
  const std::size_t begin = reply.question_end;
  std::memmove(out.data() + body.end, out.data() + begin, opt);
  std::memcpy(out.data() + begin, reply.octets.data() + begin, body.end - begin);

  if (body.truncated) out[2] |= kTruncated;
  const bool wants_authentic = query.authentic_data || (query.edns && query.edns->dnssec_ok);
  if (reply.authentic_data && wants_authentic) out[3] |= kAuthentic;  // RFC 6840, 5.8
  std::uint8_t* count = &out[kAncount];
  for (const std::uint16_t records : body.counts) {
    store16(count, records);
    count += 2;
  }
  if (opt > 0) store16(count - 2, body.counts[2] + 1u);
  return body.end + opt;
}

std::size_t fail(const dns::Query& query, dns::Rcode rcode, dns::ExtendedError error, const Settings& settings,
                 const Client& client, std::span<std::uint8_t> out) {
  Composer reply(query, settings, client, out);
  reply.start(rcode, false, error);
  return reply.finish(Where::Forwarded).size;
}

}  // namespace meridian::query
