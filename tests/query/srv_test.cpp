#include <doctest/doctest.h>

#include "query/ask.hpp"

using namespace meridian;
using namespace meridian::test;

namespace {

constexpr const char* kHosts = R"(
  httpbin.bar             A     240.0.0.2
  httpbin.bar             AAAA  fd00::2
  httpbin.bar             SRV   80 9080
  _http._tcp.httpbin.bar  SRV   80 httpbin.bar
  _dns._udp.httpbin.bar   SRV   9080 httpbin.bar
  *.wild                  A     240.0.0.3
  *.wild                  SRV   443
  _odd.one.bar            A     240.0.0.4
  _odd.one.bar            SRV   81
  bar                     A     240.0.0.5
)";
const std::string kGlue =
    "; additional httpbin.bar.global. 30 IN A 240.0.0.2; additional httpbin.bar.global. 30 IN AAAA fd00::2";

}  // namespace

TEST_CASE("SRV") {
  const Server server{zones_from(kHosts)};
  check(server,
        {
            {"by port and protocol names one port, with the target's addresses", "_http._tcp.httpbin.bar.global SRV",
             "NOERROR aa ra; _http._tcp.httpbin.bar.global. 30 IN SRV 0 100 80 httpbin.bar.global." + kGlue},
            {"by port and protocol over UDP", "_dns._udp.httpbin.bar.global SRV",
             "NOERROR aa ra; _dns._udp.httpbin.bar.global. 30 IN SRV 0 100 9080 httpbin.bar.global." + kGlue},
            {"by port and protocol is what ANY gets", "_http._tcp.httpbin.bar.global ANY",
             "NOERROR aa ra; _http._tcp.httpbin.bar.global. 30 IN SRV 0 100 80 httpbin.bar.global." + kGlue},
            {"of a bare host has one record a port", "httpbin.bar.global SRV",
             "NOERROR aa ra; httpbin.bar.global. 30 IN SRV 0 100 80 httpbin.bar.global.; "
             "httpbin.bar.global. 30 IN SRV 0 100 9080 httpbin.bar.global." +
                 kGlue},
            {"below a wildcard has the question as its target", "Any.Wild.global SRV",
             "NOERROR aa ra; Any.Wild.global. 30 IN SRV 0 100 443 Any.Wild.global.; "
             "additional Any.Wild.global. 30 IN A 240.0.0.3"},
            {"of a host that begins with an underscore has that host's addresses", "_odd.one.bar.global SRV",
             "NOERROR aa ra; _odd.one.bar.global. 30 IN SRV 0 100 81 _odd.one.bar.global.; "
             "additional _odd.one.bar.global. 30 IN A 240.0.0.4"},
            {"is not answered for a name between", "_tcp.httpbin.bar.global SRV", kNoData},
            {"is denied for a port that is not there", "_grpc._tcp.httpbin.bar.global SRV", kNoSuchName},
            {"is denied for a protocol that is not there", "_http._udp.httpbin.bar.global SRV", kNoSuchName},
            {"is no address of its name", "_http._tcp.httpbin.bar.global A", kNoData},
            {"keeps the question's case", "_HTTP._tcp.HttpBin.bar.global SRV",
             "NOERROR aa ra; _HTTP._tcp.HttpBin.bar.global. 30 IN SRV 0 100 80 httpbin.bar.global.; "
             "additional HttpBin.bar.global. 30 IN A 240.0.0.2; additional HttpBin.bar.global. 30 IN AAAA fd00::2"},
        });
}

TEST_CASE("SRV whose target lies above its zone has no glue") {
  const Server server{zones_from("httpbin A 240.0.0.2\n_http._tcp.httpbin SRV 80 httpbin",
                                 {spec_of("global"), spec_of("_tcp.httpbin.global")})};
  CHECK(ask(server, "_http._tcp.httpbin.global SRV") ==
        "NOERROR aa ra; _http._tcp.httpbin.global. 30 IN SRV 0 100 80 httpbin.global.");
}
