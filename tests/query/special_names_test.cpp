#include "query/special_names.hpp"

#include <doctest/doctest.h>

#include "dns/wire_text.hpp"
#include "query/ask.hpp"

using namespace meridian;
using namespace meridian::test;

namespace {

// The SOA of a negative answer at a special name.
std::string soa(const std::string& owner) {
  return "; authority " + owner + ". 10800 IN SOA localhost. nobody.invalid. 1 3600 1200 604800 10800";
}

}  // namespace

TEST_CASE("the records of special names are what ldns makes of their texts") {
  const auto records = [](const dns::RRsetView& view) { return dns::test::octets(view.records); };
  CHECK(records(query::loopback(dns::Type::A)) == oracle::record_from_text("localhost. 10800 IN A 127.0.0.1"));
  CHECK(records(query::loopback(dns::Type::AAAA)) == oracle::record_from_text("localhost. 10800 IN AAAA ::1"));
  CHECK(records(query::special_soa()) ==
        oracle::record_from_text("test. 10800 IN SOA localhost. nobody.invalid. 1 3600 1200 604800 10800"));
  for (const auto type : {dns::Type::A, dns::Type::AAAA}) CHECK(query::loopback(type).type == type);
  CHECK(query::special_soa().type == dns::Type::SOA);
}

TEST_CASE("localhost") {
  const Server server;
  check(server,
        {
            {"is 127.0.0.1", "localhost A", "NOERROR aa ra; localhost. 10800 IN A 127.0.0.1"},
            {"is ::1", "localhost AAAA", "NOERROR aa ra; localhost. 10800 IN AAAA ::1"},
            {"is one of them to ANY", "localhost ANY", "NOERROR aa ra; localhost. 10800 IN A 127.0.0.1"},
            {"is so in any case", "LocalHost A", "NOERROR aa ra; LocalHost. 10800 IN A 127.0.0.1"},
            {"is so below", "a.b.localhost AAAA", "NOERROR aa ra; a.b.localhost. 10800 IN AAAA ::1"},
            {"is so to who asks for recursion", "localhost A +rd", "NOERROR aa rd ra; localhost. 10800 IN A 127.0.0.1"},
            {"has nothing else", "localhost MX", "NOERROR aa ra" + soa("localhost")},
            {"has nothing else below", "x.localhost TXT", "NOERROR aa ra" + soa("localhost")},
            {"is not its neighbour", "xlocalhost A +rd", "forward"},
            {"is not in the middle of a name", "localhost.example A +rd", "forward"},
        });
}

TEST_CASE("names that never exist") {
  const Server server;
  check(server, {
                    {"invalid", "invalid A +rd", "NXDOMAIN aa rd ra" + soa("invalid")},
                    {"below invalid", "a.b.invalid A +rd", "NXDOMAIN aa rd ra" + soa("invalid")},
                    {"onion", "x.onion A +rd", "NXDOMAIN aa rd ra" + soa("onion")},
                    {"alt", "x.alt AAAA +rd", "NXDOMAIN aa rd ra" + soa("alt")},
                    {"test", "x.test TXT +rd", "NXDOMAIN aa rd ra" + soa("test")},
                    {"in any case", "x.TEST A", "NXDOMAIN aa ra" + soa("TEST")},
                    {"with EDNS", "x.test A +do", "NXDOMAIN aa ra" + soa("test") + "; opt do"},
                    {"ANY", "x.test ANY", "NXDOMAIN aa ra" + soa("test")},
                    {"not their neighbours", "x.attest A +rd", "forward"},
                    {"not a name of which they are a part", "test.example A +rd", "forward"},
                });
}

TEST_CASE("resolver.arpa has nothing, and is not denied") {
  const Server server;
  check(server, {
                    {"at the name", "resolver.arpa A +rd", "NOERROR aa rd ra" + soa("resolver.arpa")},
                    {"where encrypted resolvers are looked for", "_dns.resolver.arpa SVCB +rd",
                     "NOERROR aa rd ra" + soa("resolver.arpa")},
                    {"not above", "arpa NS +rd", "forward"},
                    {"not beside", "xresolver.arpa A +rd", "forward"},
                    {"not elsewhere", "resolver.arpa.example A +rd", "forward"},
                });
}

TEST_CASE("names that look special, and are forwarded") {
  const Server server;
  check(server,
        {
            {".local: cluster.local lives there", "web.ns1.svc.cluster.local A +rd", "forward"},
            {"private reverse zones: those of kube-dns live there", "1.0.96.10.in-addr.arpa PTR +rd", "forward"},
            {"loopback's reverse zone", "1.0.0.127.in-addr.arpa PTR +rd", "forward"},
            {"the root", ". NS +rd", "forward"},
        });
}

TEST_CASE("special names are answered to whoever asks") {
  Server server;
  server.client.may_recurse = server.client.may_query = false;
  CHECK(ask(server, "localhost A +rd") == "NOERROR aa rd; localhost. 10800 IN A 127.0.0.1");
}
