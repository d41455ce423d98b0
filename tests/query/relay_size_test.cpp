#include <doctest/doctest.h>

#include <meridian/dns/keepable.hpp>

#include "query/relayed.hpp"

using namespace meridian;
using namespace meridian::test;

namespace {

// A reply with `count` addresses: 12 + 17 octets of header and question, 16 for each address, 11 for the OPT.
oracle::Message addresses(unsigned count) {
  auto upstream = upstream_reply("example.com. IN A");
  for (unsigned i = 0; i < count; ++i) {
    upstream.answer.push_back("example.com. 60 IN A 10.0." + std::to_string(i / 250) + "." + std::to_string(i % 250));
  }
  upstream.authority = {"example.com. 60 IN NS example.com."};  // 14
  return upstream;
}

}  // namespace

TEST_CASE("a relayed reply that is too big for the client keeps the whole records that fit, and says TC") {
  struct {
    const char* title;
    unsigned count;
    const char* question;
    bool tcp;
    std::size_t answers, authority;  // less than all: TC
  } cases[] = {
      {"without EDNS 512 octets are all", 29, "example.com A +rd", false, 29, 1},  // 29 + 29 * 16 + 14 = 507
      {"authority is missed", 30, "example.com A +rd", false, 30, 0},              // 29 + 30 * 16 = 509
      {"answers are missed", 31, "example.com A +rd", false, 30, 0},
      {"EDNS of less than 512 is 512", 28, "example.com A +rd +bufsize=100", false, 28, 1},
      {"EDNS of less than 512 is not more", 29, "example.com A +rd +bufsize=100", false, 29, 0},
      {"EDNS lets more through", 56, "example.com A +rd +bufsize=1000", false, 56, 1},  // 29 + 56 * 16 + 14 + 11 = 950
      {"EDNS has its limit", 61, "example.com A +rd +bufsize=1000", false, 60, 0},
      {"ours is the limit, whatever the client takes", 80, "example.com A +rd +bufsize=65535", false, 74, 0},
      {"TCP lets all through", 4000, "example.com A +rd", true, 4000, 1},
      {"TCP has its limit", 4094, "example.com A +rd +edns", true, 4093, 0},  // 65558
  };
  for (const auto& c : cases) {
    CAPTURE(c.title);
    auto upstream = addresses(c.count);
    upstream.edns = c.count < 4094;  // TCP can't carry one more record
    if (c.count >= 4094) upstream.authority.clear();
    const Relayed reply(c.question, made(upstream), {}, {.tcp = c.tcp});
    CHECK(reply.message.tc == (c.answers < c.count || c.authority == 0));
    CHECK(reply.message.answer.size() == c.answers);
    CHECK(reply.message.answer.back() == upstream.answer[c.answers - 1]);
    CHECK(reply.message.authority.size() == c.authority);
    CHECK(reply.message.additional.empty());
    CHECK(reply.message.rd);
    CHECK(reply.message.ra);
  }
}

TEST_CASE("additional data is left out before anything is called truncated") {
  auto upstream = addresses(29);
  upstream.additional = {"ns.example.com. 60 IN A 192.0.2.53", "ns.example.com. 60 IN A 192.0.2.54"};
  for (const bool inside : {false, true}) {
    CAPTURE(inside);
    const Relayed reply("example.com A +rd", inside ? made_with_opt_inside(upstream) : made(upstream));
    CHECK_FALSE(reply.message.tc);
    CHECK(reply.message.answer.size() == 29);
    CHECK(reply.message.authority.size() == 1);
    CHECK(reply.message.additional.empty());
  }
}

TEST_CASE("a record that is larger than all that the client takes is not cut into pieces") {
  auto upstream = upstream_reply("example.com. IN TXT");
  std::string text;
  for (int i = 0; i < 3; ++i) text += " \"" + std::string(250, 'x') + "\"";
  upstream.answer = {"example.com. 60 IN TXT" + text, "example.com. 60 IN TXT \"y\""};
  const Relayed reply("example.com TXT +rd +edns +bufsize=512", made(upstream));
  CHECK(text_of(reply.message) == "NOERROR tc rd ra; opt");
}

TEST_CASE("what was kept of a reply is relayed by its counts") {
  auto upstream = addresses(2);
  upstream.additional = {"ns.example.com. 60 IN A 192.0.2.53"};
  upstream.answer[1] = "example.com. 9000 IN A 10.0.0.1";
  auto octets = made(upstream);
  const auto packet = packet_of("eXample.com A +rd +edns");
  dns::Query query;
  REQUIRE(dns::parse_query(packet, query) == dns::Fault::None);
  const auto reply = dns::check_reply(octets, kUpstreamId, query.question, dns::CaseCheck::Ignore);
  REQUIRE(reply.has_value());
  const auto kept = dns::keep(octets, *reply, {});
  REQUIRE(kept.has_value());
  Octets out(1232);
  out.resize(query::relay(query, kept->reply, dns::ExtendedError::StaleAnswer, {}, {}, out));
  const auto message = oracle::read_message(out);
  REQUIRE(message.has_value());
  CHECK(text_of(*message) ==
        "NOERROR rd ra; eXample.com. 60 IN A 10.0.0.0; eXample.com. 3600 IN A 10.0.0.1; opt ede=3");
}

TEST_CASE("a relayed reply is cut at the octet") {
  auto upstream = addresses(28);  // 29 + 28 * 16 + 14 + 11 = 502
  for (const unsigned more : {10u, 11u}) {
    CAPTURE(more);
    query::Settings settings;
    settings.nsid = std::string(more - 4, 'n');  // in an option of that many octets
    const Relayed reply("example.com A +rd +nsid +bufsize=512", made(upstream), settings);
    CHECK(reply.message.tc == (more == 11));
    CHECK(reply.octets.size() == (more == 11 ? 513u - 14 : 512u));  // without authority
  }
}

TEST_CASE("TC of the upstream is passed on, with what it sent") {
  auto upstream = addresses(2);
  upstream.tc = true;
  const auto reply = Relayed("example.com A +rd", made(upstream)).message;
  CHECK(reply.tc);
  CHECK(reply.answer.size() == 2);
}

TEST_CASE("a reply that is cut keeps its rcode and AD") {
  auto upstream = addresses(100);
  upstream.rcode = 3;
  upstream.ad = true;
  const auto text = text_of(Relayed("example.com A +rd +ad", made(upstream)).message);
  CHECK(text.starts_with("NXDOMAIN tc rd ra ad; example.com. 60 IN A 10.0.0.0; "));
}
