#include <doctest/doctest.h>

#include "query/ask.hpp"

using namespace meridian;
using namespace meridian::test;

TEST_CASE("what is not ours") {
  Server server{zones_from("httpbin.bar A 240.0.0.2")};
  check(server, {
                    {"is forwarded", "example.com A +rd", "forward"},
                    {"is forwarded with every type that asks for a record", "example.com TYPE65280 +rd", "forward"},
                    {"is forwarded with ANY", "example.com ANY +rd", "forward"},
                    {"is forwarded with CD and DO", "example.com DNSKEY +rd +cd +do", "forward"},
                    {"is refused without RD", "example.com A +edns", "REFUSED ra; opt ede=20"},
                    {"is refused without RD and EDNS", "example.com A", "REFUSED ra"},
                    {"is refused at the root without RD", ". NS +edns", "REFUSED ra; opt ede=20"},
                    {"is refused with type 0", "example.com TYPE0 +rd +edns", "REFUSED rd ra; opt ede=18"},
                    {"is refused with OPT", "example.com TYPE41 +rd", "REFUSED rd ra"},
                    {"is refused with TKEY", "example.com TYPE249 +rd", "REFUSED rd ra"},
                    {"is refused with TSIG", "example.com TYPE250 +rd", "REFUSED rd ra"},
                    {"is refused with MAILB", "example.com TYPE253 +rd", "REFUSED rd ra"},
                    {"is refused with MAILA", "example.com TYPE254 +rd", "REFUSED rd ra"},
                });
  server.client.may_recurse = false;
  check(server,
        {
            {"is refused to who may not recurse", "example.com A +rd +edns", "REFUSED rd; opt ede=18"},
            {"is refused to who may not recurse and does not ask for it", "example.com A +edns", "REFUSED; opt ede=20"},
            {"is refused at the root to who may not recurse", ". NS +rd", "REFUSED rd"},
        });
  server.client.may_recurse = true;
  server.settings.forwarding = false;
  check(server, {{"is refused where nothing is forwarded", "example.com A +rd +edns", "REFUSED rd; opt ede=20"}});
}

TEST_CASE("a client that may not query the zones") {
  Server server{zones_from("httpbin.bar A 240.0.0.2\nhttpbin.bar META source=a")};
  server.client.may_query = false;
  server.client.may_introspect = true;
  check(server, {
                    {"is refused a host", "httpbin.bar.global A +edns", "REFUSED ra; opt ede=18"},
                    {"is refused to know what exists", "nobody.global A +edns", "REFUSED ra; opt ede=18"},
                    {"is refused the apex", "global SOA", "REFUSED ra"},
                    {"is refused introspection", "_meta.httpbin.bar.global TXT", "REFUSED ra"},
                    {"may have recursion", "example.com A +rd", "forward"},
                    {"is told of malformed queries all the same", "global A +version=1", "BADVERS ra; opt"},
                });
  auto spec = spec_of("global");
  spec.unknown = zone::Unknown::Forward;
  server.zones = zones_from("", {spec});
  check(server, {{"is refused what would be forwarded", "nobody.global A +rd", "REFUSED rd ra"}});
}
