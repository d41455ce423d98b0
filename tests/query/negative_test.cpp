#include <doctest/doctest.h>

#include "query/ask.hpp"

using namespace meridian;
using namespace meridian::test;

namespace {

constexpr const char* kHosts = R"(
  httpbin.bar             A     240.0.0.2
  _http._tcp.httpbin.bar  SRV   80 httpbin.bar
  v6.bar                  AAAA  fd00::6
  headless.bar            NODATA
)";

}  // namespace

TEST_CASE("a name that exists is never denied") {
  const Server server{zones_from(kHosts)};
  check(server, {
                    {"AAAA of a host with IPv4 only", "httpbin.bar.global AAAA", kNoData},
                    {"A of a host with IPv6 only", "v6.bar.global A", kNoData},
                    {"any type of a host without addresses", "headless.bar.global A", kNoData},
                    {"ANY of a host without addresses", "headless.bar.global ANY", kNoData},
                    {"the parent of a host", "bar.global A", kNoData},
                    {"the parent of a host, ANY", "bar.global ANY", kNoData},
                    {"the parent of a service name", "_tcp.httpbin.bar.global A", kNoData},
                    {"HTTPS", "httpbin.bar.global HTTPS", kNoData},
                    {"SVCB", "httpbin.bar.global SVCB", kNoData},
                    {"CAA", "httpbin.bar.global CAA", kNoData},
                    {"MX", "httpbin.bar.global MX", kNoData},
                    {"CNAME", "httpbin.bar.global CNAME", kNoData},
                    {"NS, which only the apex has", "httpbin.bar.global NS", kNoData},
                    {"SOA, which only the apex has", "httpbin.bar.global SOA", kNoData},
                    {"DS", "httpbin.bar.global DS", kNoData},
                    {"a type that nobody knows", "httpbin.bar.global TYPE65280", kNoData},
                    {"another type that nobody knows", "httpbin.bar.global TYPE666", kNoData},
                    {"type 0", "httpbin.bar.global TYPE0", kNoData},
                    {"type OPT", "httpbin.bar.global TYPE41", kNoData},
                    {"TKEY", "httpbin.bar.global TYPE249", kNoData},
                    {"TSIG", "httpbin.bar.global TYPE250", kNoData},
                    {"MAILB", "httpbin.bar.global TYPE253", kNoData},
                    {"MAILA", "httpbin.bar.global TYPE254", kNoData},
                    {"recursion desired changes nothing", "httpbin.bar.global AAAA +rd", "NOERROR aa rd ra; " + kSoa},
                });
}

TEST_CASE("a name that does not exist is denied") {
  const Server server{zones_from(kHosts)};
  check(server,
        {
            {"beside a host", "httpbin2.bar.global A", kNoSuchName},
            {"below a host", "x.httpbin.bar.global A", kNoSuchName},
            {"below a name that is not there", "x.y.z.global A", kNoSuchName},
            {"with an asterisk that is not there", "*.bar.global A", kNoSuchName},
            {"whatever the type", "nobody.global TYPE65280", kNoSuchName},
            {"whatever the type: ANY", "nobody.global ANY", kNoSuchName},
            {"noise of a search path", "web.ns1.svc.cluster.local.global A", kNoSuchName},
            {"even if recursion is desired", "nobody.global A +rd", "NXDOMAIN aa rd ra; " + kSoa},
            {"the SOA's owner spelled as in the question", "nobody.GloBal A",
             "NXDOMAIN aa ra; authority GloBal. 10 IN SOA ns.dns.global. hostmaster.global. 1 7200 1800 86400 10"},
        });
}

TEST_CASE("the SOA of a negative answer lives as long as the smaller of its TTL and its minimum") {
  struct {
    const char* title;
    std::uint32_t ttl, minimum;
    const char* soa;
  } cases[] = {
      {"the minimum is smaller", 30, 10, "global. 10 IN SOA ns.dns.global. hostmaster.global. 1 7200 1800 86400 10"},
      {"the TTL is smaller", 5, 10, "global. 5 IN SOA ns.dns.global. hostmaster.global. 1 7200 1800 86400 10"},
      {"nothing is to be kept", 30, 0, "global. 0 IN SOA ns.dns.global. hostmaster.global. 1 7200 1800 86400 0"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.title);
    auto spec = spec_of("global");
    spec.ttl = c.ttl;
    spec.negative_ttl = c.minimum;
    const Server server{zones_from("httpbin.bar A 240.0.0.2", {spec})};
    CHECK(ask(server, "nobody.global A") == std::string("NXDOMAIN aa ra; authority ") + c.soa);
    CHECK(ask(server, "httpbin.bar.global AAAA") == std::string("NOERROR aa ra; authority ") + c.soa);
  }
}

TEST_CASE("a name of 255 octets is a name, one of 256 is none") {
  const Server server{zones_from("")};
  // global. takes 8 octets; 3 labels of 63 and one more make the rest.
  const std::string label(63, 'a'), rest = label + "." + label + "." + label + ".";
  CHECK(ask(server, rest + std::string(54, 'b') + ".global A") == kNoSuchName);
  Octets packet = packet_of(rest + std::string(54, 'b') + ".global A");
  packet[12 + 3 * 64] = 55;
  packet.insert(packet.begin() + 12 + 3 * 64 + 1, 'b');
  CHECK(ask(server, packet) == "FORMERR ra");
}

TEST_CASE("what a zone with `unknown: forward` does not know") {
  auto spec = spec_of("global");
  spec.unknown = zone::Unknown::Forward;
  Server server{zones_from(kHosts, {spec})};
  check(
      server,
      {
          {"is forwarded", "nobody.global A +rd", "forward"},
          {"is denied to who does not ask for recursion", "nobody.global A", kNoSuchName},
          {"is denied so to who speaks EDNS, too", "nobody.global A +do", kNoSuchName + "; opt do"},
          {"is denied where it is a transfer's neighbour", "nobody.global TYPE253 +rd +edns",
           "NXDOMAIN aa rd ra; " + kSoa + "; opt"},
          {"is not what exists", "httpbin.bar.global A +rd", "NOERROR aa rd ra; httpbin.bar.global. 30 IN A 240.0.0.2"},
          {"is not what exists without that type", "httpbin.bar.global AAAA +rd", "NOERROR aa rd ra; " + kSoa},
          {"is not what exists because of something below", "bar.global A +rd", "NOERROR aa rd ra; " + kSoa},
      });
  server.client.may_recurse = false;
  check(server,
        {{"is denied to who may not recurse", "nobody.global A +rd +edns", "NXDOMAIN aa rd; " + kSoa + "; opt"}});
  server.client.may_recurse = true;
  server.settings.forwarding = false;
  check(server,
        {{"is denied where nothing is forwarded", "nobody.global A +rd +edns", "NXDOMAIN aa rd; " + kSoa + "; opt"}});
}
