#include "query/relayed.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include <meridian/dns/reply.hpp>

namespace meridian::test {
namespace {

constexpr std::size_t kGuard = 64;
constexpr std::uint8_t kUntouched = 0xee;

}  // namespace

oracle::Message upstream_reply(std::string_view question) {
  oracle::Message message;
  message.id = kUpstreamId;
  message.qr = message.ra = message.rd = true;
  message.question = {std::string(question)};
  message.edns = true;
  message.payload = 1232;
  return message;
}

Octets made(const oracle::Message& message) {
  const auto octets = oracle::write_message(message);
  REQUIRE(octets.has_value());
  return *octets;
}

Octets made_with_opt_inside(const oracle::Message& message) {
  auto plain = message, shorter = message, only_opt = message;
  plain.edns = shorter.edns = false;
  shorter.additional.pop_back();
  only_opt.answer = only_opt.authority = only_opt.additional = {};
  auto bare = only_opt;
  bare.edns = false;

  // ldns writes record after record, so the last one begins where the shorter message ends.
  Octets octets = made(plain);
  const Octets with_opt = made(only_opt);
  octets.insert(octets.begin() + static_cast<std::ptrdiff_t>(made(shorter).size()),
                with_opt.begin() + static_cast<std::ptrdiff_t>(made(bare).size()), with_opt.end());
  ++octets[11];  // ARCOUNT
  return octets;
}

Relayed::Relayed(std::string_view question, const Octets& upstream, const query::Settings& settings,
                 const query::Client& client) {
  const auto packet = packet_of(question);
  dns::Query query;
  REQUIRE(dns::parse_query(packet, query) == dns::Fault::None);
  const auto reply = dns::check_reply(upstream, kUpstreamId, query.question, dns::CaseCheck::Ignore);
  REQUIRE(reply.has_value());

  const std::size_t limit = query::reply_limit(query, settings, client);
  Octets out(limit + kGuard, kUntouched);
  const std::size_t size = query::relay(query, *reply, std::nullopt, settings, client, out);
  REQUIRE(size <= limit);
  CHECK(std::all_of(out.begin() + static_cast<std::ptrdiff_t>(size), out.end(),
                    [](auto octet) { return octet == kUntouched; }));
  octets.assign(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(size));
  const auto read = oracle::read_message(octets);
  REQUIRE(read.has_value());
  message = *read;
  CHECK(message.qr);
  CHECK(message.id == query.id);
  CHECK(std::ranges::equal(query.question, std::span(octets).subspan(dns::kHeaderSize, query.question.size())));
  CHECK(message.edns == query.edns.has_value());
}

std::string relayed(std::string_view question, const oracle::Message& upstream, const query::Settings& settings,
                    const query::Client& client) {
  return text_of(Relayed(question, made(upstream), settings, client).message);
}

}  // namespace meridian::test
