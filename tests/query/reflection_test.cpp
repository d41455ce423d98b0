// What a forged source address can be sent, in octets a query (reliability, section 3).

#include <doctest/doctest.h>

#include "query/ask.hpp"

using namespace meridian;
using namespace meridian::test;

namespace {

constexpr std::size_t kExtendedError = 6;                  // RFC 8914, 2: code, length and INFO-CODE
constexpr std::size_t kSoaRecord = 2 + 10 + 15 + 19 + 20;  // ns.dns.global and hostmaster.global are 15 and 19

// How much longer the reply to a question is than the question.
std::ptrdiff_t growth(const Server& server, const char* question) {
  const auto packet = packet_of(question);
  return static_cast<std::ptrdiff_t>(Reply(server, packet).octets.size()) - static_cast<std::ptrdiff_t>(packet.size());
}

}  // namespace

TEST_CASE("a refusal or an error is no larger than the query and its extended error") {
  const Server server{zones_from("httpbin.bar A 240.0.0.2")};
  for (const char* question : {"example.com A", "example.com ANY", "global AXFR", "version.bind TXT CH", "global A HS",
                               "global A +opcode=4", ". NS", "httpbin.bar.global A CLASS255"}) {
    CAPTURE(question);
    CHECK(growth(server, question) == 0);
    const auto with_edns = std::string(question) + " +edns";
    CHECK(growth(server, with_edns.c_str()) <= static_cast<std::ptrdiff_t>(kExtendedError));
  }
  CHECK(growth(server, "global A +version=1") == 0);
  CHECK(growth(server, "example.com A +option=fde9000400000000") < 0);  // options are not echoed
}

TEST_CASE("a negative is one SOA more than the query") {
  const Server server{zones_from("httpbin.bar A 240.0.0.2")};
  for (const char* question : {"nobody.global A", "nobody.global ANY", "httpbin.bar.global AAAA", "bar.global A",
                               "nobody.global A +edns", "httpbin.bar.global AAAA +do"}) {
    CAPTURE(question);
    CHECK(growth(server, question) == kSoaRecord);
  }
}

TEST_CASE("ANY is no larger than the question for the addresses") {
  const Server server{zones_from("dual A 240.0.0.3\ndual AAAA fd00::3\ndual SRV 80 443 8080")};
  CHECK(growth(server, "dual.global ANY") == growth(server, "dual.global A"));
}
