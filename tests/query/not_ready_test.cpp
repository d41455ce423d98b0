#include <doctest/doctest.h>

#include "query/ask.hpp"

using namespace meridian;
using namespace meridian::test;

TEST_CASE("before the first complete sync") {
  Server server{zones_from("httpbin.bar A 240.0.0.2\nhttpbin.bar META source=a", {spec_of("global")}, false)};
  check(server,
        {
            {"what is known already is answered", "httpbin.bar.global A +edns",
             "NOERROR aa ra; httpbin.bar.global. 30 IN A 240.0.0.2; opt"},
            {"what is known already can lack a type", "httpbin.bar.global AAAA", kNoData},
            {"a name is not denied", "nobody.global A +edns", "SERVFAIL ra; opt ede=14"},
            {"a name is not denied to who has no EDNS", "nobody.global A", "SERVFAIL ra"},
            {"the parent of a host says nothing yet", "bar.global A +edns", "SERVFAIL ra; opt ede=14"},
            {"the apex says nothing yet", "global SOA +edns", "SERVFAIL ra; opt ede=14"},
            {"forwarding works", "example.com A +rd", "forward"},
            {"special names work", "localhost A", "NOERROR aa ra; localhost. 10800 IN A 127.0.0.1"},
            {"what is hidden is not denied either", "_meta.httpbin.bar.global TXT +edns", "SERVFAIL ra; opt ede=14"},
        });
  server.client.may_introspect = true;
  check(server, {{"who may introspect is told what is known", "_meta.httpbin.bar.global TXT",
                  "NOERROR aa ra; _meta.httpbin.bar.global. 30 IN TXT \"source=a\""}});
}

TEST_CASE(
    "before the first complete sync a zone with `unknown: forward` does not forward: it can't know what is unknown") {
  auto spec = spec_of("global");
  spec.unknown = zone::Unknown::Forward;
  const Server server{zones_from("", {spec}, false)};
  CHECK(ask(server, "nobody.global A +rd +edns") == "SERVFAIL rd ra; opt ede=14");
}

TEST_CASE("a host whose VIP is pending") {
  const Server server{zones_from("slow.bar PENDING\n*.wait PENDING\nhttpbin.bar A 240.0.0.2")};
  check(server,
        {
            {"is a failure, never a negative that is kept", "slow.bar.global A +edns", "SERVFAIL ra; opt ede=14"},
            {"is a failure for every type", "slow.bar.global TXT", "SERVFAIL ra"},
            {"is a failure for what a wildcard covers", "x.wait.global A +edns", "SERVFAIL ra; opt ede=14"},
            {"leaves others alone", "httpbin.bar.global A", "NOERROR aa ra; httpbin.bar.global. 30 IN A 240.0.0.2"},
            {"leaves negatives alone", "nobody.bar.global A", kNoSuchName},
        });
}

TEST_CASE("a host that has one VIP and waits for another") {
  const Server server{zones_from("half.bar PENDING\nhalf.bar A 245.0.0.2\n*.wait PENDING\n*.wait A 245.0.0.3")};
  check(server,
        {
            {"is answered with the one", "half.bar.global A", "NOERROR aa ra; half.bar.global. 30 IN A 245.0.0.2"},
            {"is a failure for the other", "half.bar.global AAAA +edns", "SERVFAIL ra; opt ede=14"},
            {"is answered below a wildcard", "x.wait.global A", "NOERROR aa ra; x.wait.global. 30 IN A 245.0.0.3"},
            {"is a failure for the other there", "x.wait.global AAAA", "SERVFAIL ra"},
        });
}
