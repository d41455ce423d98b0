#include <doctest/doctest.h>

#include "query/ask.hpp"

using namespace meridian;
using namespace meridian::test;

namespace {

constexpr const char* kHosts = R"(
  httpbin.bar             A     240.0.0.2
  _http._tcp.httpbin.bar  SRV   80 httpbin.bar
  v6.bar                  AAAA  fd00::6
  *.bar                   A     240.0.0.3
  *.deep.bar              A     240.0.0.4
  *.none                  NODATA
)";

std::string address(const std::string& owner, const char* a) {
  return "NOERROR aa ra; " + owner + ". 30 IN A " + a;
}

}  // namespace

TEST_CASE("in both modes a wildcard") {
  for (const auto mode : {zone::Wildcards::Istio, zone::Wildcards::Rfc4592}) {
    auto spec = spec_of("global");
    spec.wildcards = mode;
    const Server server{zones_from(kHosts, {spec})};
    check(server,
          {
              {"covers names below it, in the question's name", "x.bar.global A", address("x.bar.global", "240.0.0.3")},
              {"echoes the question's case", "X.bAr.global A", address("X.bAr.global", "240.0.0.3")},
              {"covers any number of labels", "x.y.z.bar.global A", address("x.y.z.bar.global", "240.0.0.3")},
              {"gives way to the more specific one", "x.deep.bar.global A", address("x.deep.bar.global", "240.0.0.4")},
              {"gives way to a host", "httpbin.bar.global A", address("httpbin.bar.global", "240.0.0.2")},
              {"gives way to a host for every type", "v6.bar.global A", kNoData},
              {"does not cover its own apex", "bar.global A", kNoData},
              {"has no other types", "x.bar.global AAAA", kNoData},
              {"answers ANY with its one RRset", "x.bar.global ANY", address("x.bar.global", "240.0.0.3")},
              {"is a name itself, if asked for", "*.bar.global A", address("*.bar.global", "240.0.0.3")},
              {"without addresses is NODATA", "x.none.global A", kNoData},
          });
  }
}

TEST_CASE("a wildcard as Envoy routes") {
  const Server server{zones_from(kHosts)};
  check(server,
        {
            {"covers names below a host", "x.httpbin.bar.global A", address("x.httpbin.bar.global", "240.0.0.3")},
            {"covers the parent of a more specific one", "deep.bar.global A", address("deep.bar.global", "240.0.0.3")},
            {"covers no service names", "_http._tcp.x.bar.global SRV", kNoSuchName},
            {"covers no parent of service names", "_tcp.httpbin.bar.global A", kNoData},
        });
  const Server all{zones_from("* A 240.0.0.1\nhttpbin.bar A 240.0.0.2")};
  check(all, {
                 {"of the zone covers every name", "x.y.global A", address("x.y.global", "240.0.0.1")},
                 {"of the zone covers an empty non-terminal", "bar.global A", address("bar.global", "240.0.0.1")},
                 {"of the zone does not cover the apex", "global A", kNoData},
                 {"of the zone does not cover the neighbours", "xglobal A", "REFUSED ra"},
             });
}

TEST_CASE("a wildcard of RFC 4592") {
  auto spec = spec_of("global");
  spec.wildcards = zone::Wildcards::Rfc4592;
  const Server server{zones_from(kHosts, {spec})};
  check(server,
        {
            {"is blocked below a host", "x.httpbin.bar.global A", kNoSuchName},
            {"is blocked by an empty non-terminal", "deep.bar.global A", kNoData},
            {"covers service names", "_http._tcp.x.bar.global A", address("_http._tcp.x.bar.global", "240.0.0.3")},
        });
}
