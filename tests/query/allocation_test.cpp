#include <doctest/doctest.h>

#include <array>

#include "query/ask.hpp"
#include "zone/allocations.hpp"

using namespace meridian;
using namespace meridian::test;

TEST_CASE("no answer allocates") {
  Server server{zones_from(
      R"(
    httpbin.bar             A     240.0.0.2 240.0.0.3
    httpbin.bar             AAAA  fd00::2
    httpbin.bar             SRV   80 9080
    httpbin.bar             META  entry=bar/httpbin
    _http._tcp.httpbin.bar  SRV   80 httpbin.bar
    *.wild                  A     240.0.0.4
    *.wild                  SRV   443
    slow.bar                PENDING
    api.example.            A     240.0.0.5
    1.1.1.245.in-addr.arpa. PTR   httpbin.bar
  )",
      {spec_of("global"), spec_of("245.in-addr.arpa", zone::Kind::Reverse), spec_of(".", zone::Kind::AnyHost)})};
  server.settings.version = server.settings.hostname = server.settings.nsid =
      "a text that is longer than a string has room for";
  server.client.may_introspect = true;
  struct {
    const char* title;
    const char* question;
  } cases[] = {
      {"a hit", "httpbin.bar.global A +do +nsid"},
      {"ANY", "httpbin.bar.global ANY"},
      {"NODATA", "httpbin.bar.global TXT +edns"},
      {"an empty non-terminal", "bar.global A"},
      {"NXDOMAIN", "nobody.bar.global A +edns"},
      {"NXDOMAIN for noise", "web.ns1.svc.cluster.local.global A"},
      {"not ready", "slow.bar.global A +edns"},
      {"a wildcard", "x.wild.global A"},
      {"a wildcard's SRV", "x.wild.global SRV"},
      {"SRV with glue", "_http._tcp.httpbin.bar.global SRV +edns"},
      {"a bare SRV with glue", "httpbin.bar.global SRV +edns"},
      {"the apex' SOA", "global SOA"},
      {"the apex' NS with glue", "global NS +edns"},
      {"introspection", "_meta.httpbin.bar.global TXT"},
      {"a reverse zone", "1.1.1.245.in-addr.arpa PTR"},
      {"a host outside", "api.example A"},
      {"the family that a host outside lacks", "api.example AAAA"},
      {"localhost", "localhost A"},
      {"a name that never exists", "x.test A"},
      {"CHAOS", "version.bind TXT CH"},
      {"a refusal", "example.com A +edns"},
      {"what is forwarded", "example.com A +rd"},
      {"NOTIMP", "global A +opcode=4"},
      {"BADVERS", "global A +version=1"},
      {"FORMERR", "global A +option=000a0000"},
  };
  std::array<std::uint8_t, dns::kMinUdpPayload * 4> out;
  CHECK(allocations() > 0);  // we do count
  for (const auto& c : cases) {
    CAPTURE(c.title);
    const auto packet = packet_of(c.question);
    const auto before = allocations();
    dns::Query query;
    const auto fault = dns::parse_query(packet, query);
    const auto outcome = query::respond(query, fault, *server.zones, server.settings, server.client, {1, 2}, out);
    const auto after = allocations();
    CHECK(after == before);
    CHECK(outcome.action != query::Outcome::Action::Drop);
  }
}
