#include <doctest/doctest.h>

#include <meridian/zone/transaction.hpp>

#include "support/zone_text.hpp"
#include "zone/ask.hpp"

using namespace meridian;
using test::ask;
using test::name_of;
using test::spec_of;
using test::zone_of;
using test::zones_from;

namespace {

using Zones = std::shared_ptr<const zone::ZoneSet>;

Zones without(const Zones& base, std::string_view name) {
  zone::Transaction changes(base);
  CHECK(changes.remove(name_of(name)));
  return changes.commit([] { return 9u; });
}

bool same(const dns::RRsetView& a, const dns::RRsetView& b) {
  return a.type == b.type && a.count == b.count && std::ranges::equal(a.records, b.records);
}

const zone::Node& node_of(const zone::Zone& zone, std::string_view name) {
  const auto match = zone.lookup(dns::FoldedName(name_of(name)));
  REQUIRE(match.kind == zone::Match::Kind::Exact);
  return *match.node;
}

std::uint32_t number_at(const dns::RRsetView& rrset, std::size_t at) {
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < 4; ++i) number = number << 8 | rrset.records[at + i];
  return number;
}
std::uint32_t ttl(const dns::RRsetView& rrset) {
  return number_at(rrset, 4);
}
// The last five numbers of a SOA (RFC 1035, 3.3.13).
std::uint32_t soa_number(const dns::RRsetView& soa, std::size_t i) {
  return number_at(soa, soa.records.size() - 20 + 4 * i);
}

}  // namespace

TEST_CASE("the SOA of a zone") {
  auto spec = spec_of("global");
  spec.ttl = 300;
  spec.negative_ttl = 10;
  const auto zones = zone::ZoneSet::create({spec}, 1732088061, 1);
  const zone::Zone& zone = zone_of(*zones);
  CHECK(zone.soa().type == dns::Type::SOA);
  CHECK(ttl(zone.soa()) == 300);
  CHECK(ttl(zone.negative_soa()) == 10);
  const std::uint32_t numbers[] = {1732088061, 7200, 1800, 86400, 10};
  for (std::size_t i = 0; i < 5; ++i) {
    CHECK(soa_number(zone.soa(), i) == numbers[i]);
    CHECK(soa_number(zone.negative_soa(), i) == numbers[i]);
  }
  spec.negative_ttl = 900;
  CHECK(ttl(zone_of(*zone::ZoneSet::create({spec}, 1, 1)).negative_soa()) == 300);
}

TEST_CASE("the apex shows the SOA of the moment, and its NS") {
  for (const char* host_at_apex : {"", "@ A 240.0.0.1"}) {
    const auto before = zones_from(host_at_apex);
    zone::Transaction changes(before);
    test::put(changes, "x A 240.0.0.2");
    const auto after = changes.commit([] { return 4242u; });
    for (const auto& zones : {before, after}) {
      const zone::Zone& zone = zone_of(*zones);
      const zone::Node& apex = node_of(zone, "global");
      CHECK(same(apex.find(dns::Type::SOA), zone.soa()));
      CHECK(same(apex.find(dns::Type::NS), zone.ns()));
      CHECK(same(apex.any(), zone.soa()));
      CHECK(soa_number(zone.soa(), 0) == zone.serial());
    }
    CHECK(zone_of(*before).serial() == 1);
    CHECK(zone_of(*after).serial() == 4242);
  }
}

TEST_CASE("a host at the apex has addresses beside SOA and NS, and leaves them when it goes") {
  const auto zones = zones_from("@ A 240.0.0.1\n@ AAAA fd00::1\n@ META a\nx A 240.0.0.2");
  CHECK(ask(*zones, "global") == "exact global A 240.0.0.1 AAAA fd00::1");
  CHECK(ask(*zones, "_meta.global") == "meta global A 240.0.0.1 AAAA fd00::1");
  CHECK(zone_of(*zones).hosts() == 2);
  const auto next = without(zones, "global");
  CHECK(ask(*next, "global") == "exact global");
  CHECK(ask(*next, "_meta.global") == "none");
  CHECK(same(node_of(zone_of(*next), "global").find(dns::Type::SOA), zone_of(*next).soa()));
  CHECK(zone_of(*next).hosts() == 1);
  CHECK(ask(*next, "x.global") == "exact x.global A 240.0.0.2");
}

TEST_CASE("SOA and NS at the apex are the zone's own, whatever is put there") {
  const auto base = zones_from("");
  zone::Transaction changes(base);
  const auto target = name_of("ns.evil.example");
  zone::Records records;
  records.rrsets.push_back(dns::RRset::ns(1, target));
  changes.replace(name_of("global"), records);
  const auto next = changes.commit([] { return 3u; });
  CHECK(same(node_of(zone_of(*next), "global").find(dns::Type::NS), zone_of(*base).ns()));
}

TEST_CASE("an entry for the NS target wins over our glue, which comes back when the entry goes") {
  const auto ours = zones_from("");
  CHECK(ask(*ours, "ns.dns.global") == "exact ns.dns.global A 192.0.2.53 AAAA 2001:db8::53");
  CHECK_FALSE(node_of(zone_of(*ours), "ns.dns.global").host());
  const auto theirs = zones_from("ns.dns A 240.0.0.1\nx.ns.dns A 240.0.0.2");
  CHECK(ask(*theirs, "ns.dns.global") == "exact ns.dns.global A 240.0.0.1");
  const auto back = without(theirs, "ns.dns.global");
  CHECK(ask(*back, "ns.dns.global") == "exact ns.dns.global A 192.0.2.53 AAAA 2001:db8::53");
  CHECK(ask(*without(back, "x.ns.dns.global"), "ns.dns.global") == ask(*ours, "ns.dns.global"));
  CHECK(zone_of(*back).hosts() == 1);
}

TEST_CASE("glue") {
  auto spec = spec_of("global");
  SUBCASE("of no addresses leaves a name that exists") {
    spec.ns_addresses.clear();
    const auto zones = zones_from("", {spec});
    CHECK(ask(*zones, "ns.dns.global") == "exact ns.dns.global");
    CHECK(ask(*zones, "dns.global") == "ent");
  }
  SUBCASE("has an address once") {
    spec.ns_addresses = {boost::asio::ip::make_address("192.0.2.1"), boost::asio::ip::make_address("192.0.2.1")};
    CHECK(ask(*zones_from("", {spec}), "ns.dns.global") == "exact ns.dns.global A 192.0.2.1");
  }
  SUBCASE("of a target outside the zone is not the zone's") {
    spec.ns = name_of("ns.example.com");
    CHECK(zone_of(*zones_from("", {spec})).names() == 1);
  }
  SUBCASE("of a target in any case is found") {
    spec.ns = name_of("NS.Dns.GLOBAL");
    CHECK(ask(*zones_from("", {spec}), "ns.dns.global") == "exact ns.dns.global A 192.0.2.53 AAAA 2001:db8::53");
  }
  SUBCASE("of a target that is the apex stands there, until a host does") {
    spec.ns = name_of("global");
    const auto ours = zones_from("", {spec});
    CHECK(ask(*ours, "global") == "exact global A 192.0.2.53 AAAA 2001:db8::53");
    const auto theirs = zones_from("@ A 240.0.0.1", {spec});
    CHECK(ask(*theirs, "global") == "exact global A 240.0.0.1");
    CHECK(ask(*without(theirs, "global"), "global") == ask(*ours, "global"));
  }
}
