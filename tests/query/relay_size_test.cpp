#include <doctest/doctest.h>

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

TEST_CASE("a relayed reply that is too big for the client is cut to nothing, with TC") {
  struct {
    const char* title;
    unsigned count;
    const char* question;
    bool tcp;
    std::size_t answers;  // 0: cut
  } cases[] = {
      {"without EDNS 512 octets are all", 29, "example.com A +rd", false, 29},  // 29 + 29 * 16 + 14 = 507
      {"without EDNS more are too many", 30, "example.com A +rd", false, 0},
      {"EDNS of less than 512 is 512", 28, "example.com A +rd +bufsize=100", false, 28},
      {"EDNS of less than 512 is not more", 29, "example.com A +rd +bufsize=100", false, 0},
      {"EDNS lets more through", 56, "example.com A +rd +bufsize=1000", false, 56},  // 29 + 56 * 16 + 14 + 11 = 950
      {"EDNS has its limit", 60, "example.com A +rd +bufsize=1000", false, 0},
      {"ours is the limit, whatever the client takes", 80, "example.com A +rd +bufsize=65535", false, 0},
      {"TCP lets all through", 4000, "example.com A +rd", true, 4000},
      {"TCP has its limit", 4094, "example.com A +rd +edns", true, 0},  // 65558
  };
  for (const auto& c : cases) {
    CAPTURE(c.title);
    auto upstream = addresses(c.count);
    upstream.edns = c.count < 4094;  // TCP can't carry one more record
    if (c.count >= 4094) upstream.authority.clear();
    const Relayed reply(c.question, made(upstream), {}, {.tcp = c.tcp});
    CHECK(reply.message.tc == (c.answers == 0));
    CHECK(reply.message.answer.size() == c.answers);
    CHECK(reply.message.authority.empty() == (c.answers == 0));
    CHECK(reply.message.additional.empty());
    CHECK(reply.message.rd);
    CHECK(reply.message.ra);
  }
}

TEST_CASE("a relayed reply is cut at the octet") {
  auto upstream = addresses(28);  // 29 + 28 * 16 + 14 + 11 = 502
  for (const unsigned more : {10u, 11u}) {
    CAPTURE(more);
    query::Settings settings;
    settings.nsid = std::string(more - 4, 'n');  // in an option of that many octets
    const Relayed reply("example.com A +rd +nsid +bufsize=512", made(upstream), settings);
    CHECK(reply.message.tc == (more == 11));
    CHECK(reply.octets.size() == (more == 11 ? 29u + 11 + 11 : 512u));
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
  CHECK(text_of(Relayed("example.com A +rd +ad", made(upstream)).message) == "NXDOMAIN tc rd ra ad");
}
