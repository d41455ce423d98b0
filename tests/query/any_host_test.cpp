#include <doctest/doctest.h>

#include "query/ask.hpp"

using namespace meridian;
using namespace meridian::test;

namespace {

constexpr const char* kHosts = R"(
  httpbin.bar        A     240.0.0.2
  api.example.com.   A     240.0.1.1 240.0.1.2
  api.example.com.   SRV   443
  v6.example.com.    AAAA  fd00::6
  none.example.com.  NODATA
  *.wild.example.    A     240.0.1.3
  printer.test.      A     240.0.1.4
  localhost.         A     240.0.1.5
  3.2.44.10.in-addr.arpa.  PTR  httpbin.bar
)";

std::string soa(const std::string& owner) {
  return "; authority " + owner + ". 10 IN SOA ns.dns.global. hostmaster.global. 1 7200 1800 86400 10";
}

Server server() {
  return {zones_from(kHosts, {spec_of("global"), spec_of(".", zone::Kind::AnyHost)})};
}

}  // namespace

TEST_CASE("a host outside the owned zones, with `serve-hosts: any`") {
  check(
      server(),
      {
          {"has its addresses", "api.example.com A +rd",
           "NOERROR aa rd ra; api.example.com. 30 IN A 240.0.1.1; api.example.com. 30 IN A 240.0.1.2"},
          {"has them in any case", "API.example.com A",
           "NOERROR aa ra; API.example.com. 30 IN A 240.0.1.1; API.example.com. 30 IN A 240.0.1.2"},
          {"is empty for a family it has no address of, never the upstream's", "api.example.com AAAA +rd",
           "NOERROR aa rd ra" + soa("api.example.com")},
          {"is empty for the other family too", "v6.example.com A +rd", "NOERROR aa rd ra" + soa("v6.example.com")},
          {"answers ANY with one RRset", "v6.example.com ANY +rd",
           "NOERROR aa rd ra; v6.example.com. 30 IN AAAA fd00::6"},
          {"is forwarded for other types", "api.example.com MX +rd", "forward"},
          {"is forwarded for HTTPS", "api.example.com HTTPS +rd", "forward"},
          {"is forwarded for SRV", "api.example.com SRV +rd", "forward"},
          {"is refused for other types without RD", "api.example.com MX +edns", "REFUSED ra; opt ede=20"},
          {"is forwarded whole without any address: A", "none.example.com A +rd", "forward"},
          {"is forwarded whole without any address: AAAA", "none.example.com AAAA +rd", "forward"},
          {"is forwarded whole without any address: ANY", "none.example.com ANY +rd", "forward"},
          {"can be a wildcard", "x.y.wild.example A +rd", "NOERROR aa rd ra; x.y.wild.example. 30 IN A 240.0.1.3"},
          {"can be a wildcard that lacks a family", "x.wild.example AAAA +rd",
           "NOERROR aa rd ra" + soa("x.wild.example")},
          {"leaves its parent to others", "example.com A +rd", "forward"},
          {"leaves what is below it to others", "x.api.example.com A +rd", "forward"},
          {"wins over a special name", "printer.test A +rd", "NOERROR aa rd ra; printer.test. 30 IN A 240.0.1.4"},
          {"wins over a special name for the family that it lacks", "printer.test AAAA",
           "NOERROR aa ra" + soa("printer.test")},
          {"exists for the types that a special name can't be forwarded for", "printer.test MX +rd",
           "NOERROR aa rd ra" + soa("printer.test")},
          {"exists for them without RD, too", "printer.test HTTPS", "NOERROR aa ra" + soa("printer.test")},
          {"wins over localhost", "localhost A", "NOERROR aa ra; localhost. 30 IN A 240.0.1.5"},
          {"leaves other special names alone", "x.test A",
           "NXDOMAIN aa ra; authority test. 10800 IN SOA localhost. nobody.invalid. 1 3600 1200 604800 10800"},
          {"has no introspection", "_meta.api.example.com TXT +rd", "forward"},
          {"is none in an owned zone", "httpbin.bar.global A", "NOERROR aa ra; httpbin.bar.global. 30 IN A 240.0.0.2"},
          {"is none for what an owned zone lacks", "nobody.global A +rd", "NXDOMAIN aa rd ra; " + kSoa},
      });
}

TEST_CASE("an address outside the reverse zones that has a host") {
  check(server(), {
                      {"points back to it", "3.2.44.10.in-addr.arpa PTR +rd",
                       "NOERROR aa rd ra; 3.2.44.10.in-addr.arpa. 30 IN PTR httpbin.bar.global."},
                      {"does so for ANY", "3.2.44.10.in-addr.arpa ANY",
                       "NOERROR aa ra; 3.2.44.10.in-addr.arpa. 30 IN PTR httpbin.bar.global."},
                      {"leaves its neighbours to others", "4.2.44.10.in-addr.arpa PTR +rd", "forward"},
                      {"leaves its network to others", "2.44.10.in-addr.arpa PTR +rd", "forward"},
                      {"makes no PTR of other hosts", "api.example.com PTR +rd", "forward"},
                  });
}

TEST_CASE("a host outside the owned zones is refused to who may not query") {
  auto asked = server();
  asked.client.may_query = false;
  asked.client.may_introspect = true;
  check(asked, {
                   {"its addresses", "api.example.com A +rd +edns", "REFUSED rd ra; opt ede=18"},
                   {"the family it lacks", "api.example.com AAAA", "REFUSED ra"},
                   {"others are forwarded", "example.com A +rd", "forward"},
                   {"one without any address is forwarded", "none.example.com A +rd", "forward"},
               });
}

TEST_CASE("a host outside the owned zones is forwarded by default") {
  const Server server{zones_from("httpbin.bar A 240.0.0.2")};
  CHECK(ask(server, "api.example.com A +rd") == "forward");
}

TEST_CASE("forwarding of what is no host works before the first sync") {
  const Server asked{zones_from("api.example.com. A 240.0.1.1", {spec_of(".", zone::Kind::AnyHost)}, false)};
  CHECK(ask(asked, "api.example.com A") == "NOERROR aa ra; api.example.com. 30 IN A 240.0.1.1");
  CHECK(ask(asked, "example.com A +rd") == "forward");
}
