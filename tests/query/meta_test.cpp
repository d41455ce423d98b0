#include <doctest/doctest.h>

#include "query/ask.hpp"

using namespace meridian;
using namespace meridian::test;

namespace {

constexpr const char* kHosts = R"(
  httpbin.bar    A     240.0.0.2
  httpbin.bar    META  entry=bar/httpbin address=vip
  silent.bar     A     240.0.0.3
  slow.bar       PENDING
  slow.bar       META  address=pending
  *.wild         A     240.0.0.4
  *.wild         META  entry=bar/wild
)";

}  // namespace

TEST_CASE("_meta for clients on the introspect list") {
  Server server{zones_from(kHosts)};
  server.client.may_introspect = true;
  check(server, {
                    {"tells where a host comes from", "_meta.httpbin.bar.global TXT",
                     "NOERROR aa ra; _meta.httpbin.bar.global. 30 IN TXT \"entry=bar/httpbin\" \"address=vip\""},
                    {"tells it to ANY", "_meta.httpbin.bar.global ANY",
                     "NOERROR aa ra; _meta.httpbin.bar.global. 30 IN TXT \"entry=bar/httpbin\" \"address=vip\""},
                    {"tells it of a wildcard", "_meta.*.wild.global TXT",
                     "NOERROR aa ra; _meta.*.wild.global. 30 IN TXT \"entry=bar/wild\""},
                    {"tells it of a host whose VIP is pending", "_meta.slow.bar.global TXT",
                     "NOERROR aa ra; _meta.slow.bar.global. 30 IN TXT \"address=pending\""},
                    {"has nothing else", "_meta.httpbin.bar.global A", kNoData},
                    {"has nothing for a host of which nothing is told", "_meta.silent.bar.global TXT", kNoData},
                    {"is not there for a name that is no host", "_meta.bar.global TXT", kNoSuchName},
                    {"is not there for no name", "_meta.nobody.bar.global TXT", kNoSuchName},
                });
}

TEST_CASE("_meta for all others is as if it were not there") {
  Server server{zones_from(kHosts)};
  check(server, {
                    {"of a host", "_meta.httpbin.bar.global TXT", kNoSuchName},
                    {"of a host, whatever the type", "_meta.httpbin.bar.global A", kNoSuchName},
                    {"of a host, ANY", "_meta.httpbin.bar.global ANY", kNoSuchName},
                    {"of a wildcard", "_meta.*.wild.global TXT", kNoSuchName},
                    {"of a host whose VIP is pending", "_meta.slow.bar.global TXT", kNoSuchName},
                });
  auto spec = spec_of("global");
  spec.unknown = zone::Unknown::Forward;
  server.zones = zones_from(kHosts, {spec});
  check(server, {{"of a host, where what is unknown is forwarded", "_meta.httpbin.bar.global TXT +rd", "forward"}});
}
