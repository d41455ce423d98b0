#include <doctest/doctest.h>

#include "query/ask.hpp"

using namespace meridian;
using namespace meridian::test;
using query::Where;

TEST_CASE("counters are told where a reply was made") {
  Server server{zones_from(
      "httpbin.bar A 240.0.0.2\n*.wild A 240.0.0.3\napi.example. A 240.0.0.4",
      {spec_of("global"), spec_of("245.in-addr.arpa", zone::Kind::Reverse), spec_of(".", zone::Kind::AnyHost)})};
  struct {
    const char* question;
    Where where;
  } cases[] = {
      {"httpbin.bar.global A", Where::Zone},
      {"httpbin.bar.global AAAA", Where::Zone},
      {"nobody.global A", Where::Zone},
      {"bar.global A", Where::Zone},
      {"x.wild.global A", Where::Wildcard},
      {"x.wild.global AAAA", Where::Wildcard},
      {"1.1.1.245.in-addr.arpa PTR", Where::Reverse},
      {"245.in-addr.arpa SOA", Where::Reverse},
      {"api.example A", Where::Host},
      {"api.example AAAA", Where::Host},
      {"localhost A", Where::Special},
      {"x.test A", Where::Special},
      {"version.bind TXT CH", Where::Chaos},
      {"example.com A +rd", Where::Forwarded},
      {"example.com A", Where::Refused},
      {"global AXFR", Where::Refused},
      {"global A HS", Where::Refused},
      {"global A +opcode=4", Where::Error},
      {"global A +version=1", Where::Error},
  };
  for (const auto& c : cases) {
    CAPTURE(c.question);
    CHECK(Reply(server, packet_of(c.question)).outcome.where == c.where);
  }
}
