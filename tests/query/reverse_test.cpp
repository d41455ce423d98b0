#include <doctest/doctest.h>

#include "query/ask.hpp"

using namespace meridian;
using namespace meridian::test;

TEST_CASE("a reverse zone") {
  Server server{zones_from("1.2.3.245.in-addr.arpa. PTR reviews.prod\n9.2.3.245.in-addr.arpa. PTR b.prod a.prod",
                           {spec_of("global"), spec_of("245.in-addr.arpa", zone::Kind::Reverse)})};
  const std::string soa =
      "authority 245.in-addr.arpa. 10 IN SOA ns.dns.global. hostmaster.global. 1 7200 1800 86400 10";
  check(server,
        {
            {"tells the host of an address", "1.2.3.245.in-addr.arpa PTR",
             "NOERROR aa ra; 1.2.3.245.in-addr.arpa. 30 IN PTR reviews.prod.global."},
            {"tells it to ANY", "1.2.3.245.in-addr.arpa ANY",
             "NOERROR aa ra; 1.2.3.245.in-addr.arpa. 30 IN PTR reviews.prod.global."},
            {"tells all hosts of an address", "9.2.3.245.in-addr.arpa PTR",
             "NOERROR aa ra; 9.2.3.245.in-addr.arpa. 30 IN PTR b.prod.global.; "
             "9.2.3.245.in-addr.arpa. 30 IN PTR a.prod.global."},
            {"denies an address that nobody has", "2.2.3.245.in-addr.arpa PTR", "NXDOMAIN aa ra; " + soa},
            {"denies it to who asks for recursion, too", "2.2.3.245.in-addr.arpa PTR +rd", "NXDOMAIN aa rd ra; " + soa},
            {"has parents", "2.3.245.in-addr.arpa PTR", "NOERROR aa ra; " + soa},
            {"has no other types", "1.2.3.245.in-addr.arpa A", "NOERROR aa ra; " + soa},
            {"has an apex", "245.in-addr.arpa SOA",
             "NOERROR aa ra; 245.in-addr.arpa. 30 IN SOA ns.dns.global. hostmaster.global. 1 7200 1800 86400 10"},
            {"has an NS elsewhere, without glue", "245.in-addr.arpa NS",
             "NOERROR aa ra; 245.in-addr.arpa. 30 IN NS ns.dns.global."},
            {"is not that of other networks, which are forwarded", "1.0.96.10.in-addr.arpa PTR +rd", "forward"},
        });
  server.client.may_query = false;
  check(server, {{"is refused where the zones are", "1.2.3.245.in-addr.arpa PTR +edns", "REFUSED ra; opt ede=18"}});
}
