#include <doctest/doctest.h>

#include "query/ask.hpp"

using namespace meridian;
using namespace meridian::test;

namespace {

constexpr const char* kHosts = R"(
  httpbin.bar     A     240.0.0.2
  v6.bar          AAAA  fd00::6
  dual.bar        A     240.0.0.3
  dual.bar        AAAA  fd00::3
  many.bar        A     240.0.0.4 240.0.0.5
  httpbin\.bar    A     240.0.0.6
  a\000b\.\032\255.bar  A  240.0.0.7
  label-of-63-octets-abcdefghijklmnopqrstuvwxyz-0123456789-abcdef  A  240.0.0.8
)";
constexpr const char* kGlue =
    "; additional ns.dns.global. 30 IN A 192.0.2.53; additional ns.dns.global. 30 IN AAAA 2001:db8::53";

}  // namespace

TEST_CASE("a host of the zone is answered") {
  const Server server{zones_from(kHosts)};
  check(
      server,
      {
          {"with its address", "httpbin.bar.global A", "NOERROR aa ra; httpbin.bar.global. 30 IN A 240.0.0.2"},
          {"with its IPv6 address", "v6.bar.global AAAA", "NOERROR aa ra; v6.bar.global. 30 IN AAAA fd00::6"},
          {"with the family asked, of two: IPv4", "dual.bar.global A",
           "NOERROR aa ra; dual.bar.global. 30 IN A 240.0.0.3"},
          {"with the family asked, of two: IPv6", "dual.bar.global AAAA",
           "NOERROR aa ra; dual.bar.global. 30 IN AAAA fd00::3"},
          {"with all of its addresses", "many.bar.global A",
           "NOERROR aa ra; many.bar.global. 30 IN A 240.0.0.4; many.bar.global. 30 IN A 240.0.0.5"},
          {"in the question's spelling", "hTTpbin.BAR.glObal A",
           "NOERROR aa ra; hTTpbin.BAR.glObal. 30 IN A 240.0.0.2"},
          {"with recursion desired, as without", "httpbin.bar.global A +rd",
           "NOERROR aa rd ra; httpbin.bar.global. 30 IN A 240.0.0.2"},
          {"with one RRset for ANY", "dual.bar.global ANY", "NOERROR aa ra; dual.bar.global. 30 IN A 240.0.0.3"},
          {"with the other family for ANY if it has but that", "v6.bar.global ANY",
           "NOERROR aa ra; v6.bar.global. 30 IN AAAA fd00::6"},
          {"as one label with a dot inside, which is not two labels", "httpbin\\.bar.global A",
           "NOERROR aa ra; httpbin\\.bar.global. 30 IN A 240.0.0.6"},
          {"whatever octets its labels have", "a\\000b\\.\\032\\255.bar.global A",
           "NOERROR aa ra; a\\000b\\.\\032\\255.bar.global. 30 IN A 240.0.0.7"},
          {"if its label has 63 octets", "label-of-63-octets-abcdefghijklmnopqrstuvwxyz-0123456789-abcdef.global A",
           "NOERROR aa ra; label-of-63-octets-abcdefghijklmnopqrstuvwxyz-0123456789-abcdef.global. 30 IN A 240.0.0.8"},
      });
}

TEST_CASE("the apex") {
  const Server server{zones_from("")};
  const std::string soa = "global. 30 IN SOA ns.dns.global. hostmaster.global. 1 7200 1800 86400 10";
  const std::string ns = "NOERROR aa ra; global. 30 IN NS ns.dns.global.";
  check(server, {
                    {"has an SOA", "global SOA", "NOERROR aa ra; " + soa},
                    {"says the SOA to ANY", "global ANY", "NOERROR aa ra; " + soa},
                    {"has an NS, with glue", "global NS", ns + kGlue},
                    {"has no address", "global A", kNoData},
                    {"has no DS", "global DS", kNoData},
                    {"has no DNSKEY", "global DNSKEY", kNoData},
                    {"keeps the case of the question in the glue's owner", "GLOBAL NS",
                     "NOERROR aa ra; GLOBAL. 30 IN NS ns.dns.global.; additional ns.dns.GLOBAL. 30 IN A 192.0.2.53; "
                     "additional ns.dns.GLOBAL. 30 IN AAAA 2001:db8::53"},
                });
}

TEST_CASE("an apex that is a host has its addresses too, and says the SOA to ANY") {
  const Server server{zones_from("@ A 240.0.0.9")};
  check(server, {
                    {"A", "global A", "NOERROR aa ra; global. 30 IN A 240.0.0.9"},
                    {"AAAA", "global AAAA", kNoData},
                    {"ANY", "global ANY",
                     "NOERROR aa ra; global. 30 IN SOA ns.dns.global. hostmaster.global. 1 7200 1800 86400 10"},
                    {"NS", "global NS", std::string("NOERROR aa ra; global. 30 IN NS ns.dns.global.") + kGlue},
                });
}

TEST_CASE("the name server's own name") {
  const Server ours{zones_from("")};
  check(ours,
        {
            {"has the listening addresses: A", "ns.dns.global A", "NOERROR aa ra; ns.dns.global. 30 IN A 192.0.2.53"},
            {"has the listening addresses: AAAA", "ns.dns.global AAAA",
             "NOERROR aa ra; ns.dns.global. 30 IN AAAA 2001:db8::53"},
            {"has nothing else", "ns.dns.global TXT", kNoData},
            {"has a parent", "dns.global A", kNoData},
        });
  const Server theirs{zones_from("ns.dns A 240.0.0.53")};
  check(theirs,
        {
            {"is the entry's, if there is one", "ns.dns.global A", "NOERROR aa ra; ns.dns.global. 30 IN A 240.0.0.53"},
            {"is the entry's for the family that it lacks", "ns.dns.global AAAA", kNoData},
            {"is the entry's in the glue", "global NS",
             "NOERROR aa ra; global. 30 IN NS ns.dns.global.; additional ns.dns.global. 30 IN A 240.0.0.53"},
        });
  auto wildcard_listener = spec_of("global");
  wildcard_listener.ns_addresses.clear();
  const Server unknown{zones_from("", {wildcard_listener})};
  check(unknown,
        {
            {"has no glue where no address is known", "global NS", "NOERROR aa ra; global. 30 IN NS ns.dns.global."},
            {"is there all the same", "ns.dns.global A", kNoData},
        });
}

TEST_CASE("a name is answered by the deepest zone that it lies in") {
  const Server server{zones_from("httpbin.bar A 240.0.0.2\nx.sub A 240.0.0.3",
                                 {spec_of("global"), spec_of("sub.global"), spec_of("test")})};
  const std::string sub =
      "authority sub.global. 10 IN SOA ns.dns.sub.global. hostmaster.sub.global. 1 7200 1800 86400 10";
  check(server, {
                    {"the outer one", "httpbin.bar.global A", "NOERROR aa ra; httpbin.bar.global. 30 IN A 240.0.0.2"},
                    {"the inner one", "x.sub.global A", "NOERROR aa ra; x.sub.global. 30 IN A 240.0.0.3"},
                    {"the inner one's negative", "y.sub.global A", "NXDOMAIN aa ra; " + sub},
                    {"not one that ends in the same letters", "xevilglobal A", "REFUSED ra"},
                    {"not one that ends in the same letters, a label more", "x.evilglobal A", "REFUSED ra"},
                    {"not one that holds the same letters in one label", "x\\.global A", "REFUSED ra"},
                    {"an owned zone of a special name", "x.test A",
                     "NXDOMAIN aa ra; authority test. 10 IN SOA ns.dns.test. hostmaster.test. 1 7200 1800 86400 10"},
                });
}

TEST_CASE("an owned root zone takes everything") {
  const Server server{zones_from("example.com. A 240.0.0.9", {spec_of(".")})};
  const std::string soa = "authority . 10 IN SOA ns.dns. hostmaster. 1 7200 1800 86400 10";
  check(server, {
                    {"a host", "example.com A", "NOERROR aa ra; example.com. 30 IN A 240.0.0.9"},
                    {"its parent", "com A", "NOERROR aa ra; " + soa},
                    {"no such name", "example.org A +rd", "NXDOMAIN aa rd ra; " + soa},
                    {"the apex", ". NS",
                     "NOERROR aa ra; . 30 IN NS ns.dns.; additional ns.dns. 30 IN A 192.0.2.53; "
                     "additional ns.dns. 30 IN AAAA 2001:db8::53"},
                });
}
