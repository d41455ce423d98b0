#include <doctest/doctest.h>

#include <meridian/zone/transaction.hpp>
#include <set>

#include "support/zone_text.hpp"
#include "zone/ask.hpp"

using namespace meridian;
using test::ask;
using test::name_of;
using test::zone_of;
using test::zones_from;

namespace {

using Zones = std::shared_ptr<const zone::ZoneSet>;

// `base` with the lines put and the names removed; every zone that changes gets the serial 7.
Zones changed(const Zones& base, std::string_view put, const std::vector<std::string>& removed = {}) {
  zone::Transaction changes(base);
  test::put(changes, put);
  for (const auto& name : removed) CHECK(changes.remove(name_of(name)));
  return changes.commit([] { return 7u; });
}

std::set<std::string> names(const zone::Zone& zone) {
  std::set<std::string> names;
  zone.for_each([&](const zone::Node& node) { names.insert(dns::Name::from_wire(node.owner()).to_text()); });
  CHECK(names.size() == zone.names());
  return names;
}

}  // namespace

TEST_CASE("a new zone has its own names and nothing else") {
  const auto zones =
      zone::ZoneSet::create({test::spec_of("global"), test::spec_of("245.in-addr.arpa", zone::Kind::Reverse)}, 5, 1);
  CHECK(names(zone_of(*zones)) == std::set<std::string>{"global", "dns.global", "ns.dns.global"});
  CHECK(names(zone_of(*zones, "245.in-addr.arpa")) == std::set<std::string>{"245.in-addr.arpa"});
  CHECK(zone_of(*zones).hosts() == 0);
  CHECK(zone_of(*zones).serial() == 5);
  CHECK_FALSE(zone_of(*zones).ready());
}

TEST_CASE("ancestors come and go with the names below them") {
  const auto base = zones_from("");
  const auto two = changed(base, "a.b.c A 240.0.0.1\nx.c A 240.0.0.2");
  CHECK(names(zone_of(*two)) == std::set<std::string>{"global", "dns.global", "ns.dns.global", "a.b.c.global",
                                                      "b.c.global", "c.global", "x.c.global"});
  const auto one = changed(two, "", {"a.b.c.global"});
  CHECK(names(zone_of(*one)) ==
        std::set<std::string>{"global", "dns.global", "ns.dns.global", "c.global", "x.c.global"});
  CHECK(ask(*one, "b.c.global") == "none");
  const auto none = changed(one, "", {"x.c.global"});
  CHECK(names(zone_of(*none)) == names(zone_of(*base)));
  CHECK(ask(*two, "a.b.c.global") == "exact a.b.c.global A 240.0.0.1");
}

TEST_CASE("a host above other hosts becomes an empty non-terminal when it goes, and a host again when it is back") {
  const auto both = zones_from("c A 240.0.0.1\nx.c A 240.0.0.2");
  const auto below = changed(both, "", {"c.global"});
  CHECK(ask(*below, "c.global") == "ent");
  CHECK(ask(*below, "x.c.global") == "exact x.c.global A 240.0.0.2");
  CHECK(zone_of(*below).hosts() == 1);
  CHECK(zone_of(*below).names() == zone_of(*both).names());
  const auto again = changed(below, "c A 240.0.0.9");
  CHECK(ask(*again, "c.global") == "exact c.global A 240.0.0.9");
  const auto above = changed(again, "", {"x.c.global"});
  CHECK(ask(*above, "c.global") == "exact c.global A 240.0.0.9");
  CHECK(ask(*above, "x.c.global") == "none");
}

TEST_CASE("a wildcard that goes covers nothing more") {
  const auto with = zones_from("*.bar A 240.0.0.1\nx.*.bar A 240.0.0.2\n* A 240.0.0.3");
  CHECK(ask(*with, "y.bar.global") == "wildcard *.bar.global A 240.0.0.1");
  const auto without = changed(with, "", {"*.bar.global"});
  CHECK(ask(*without, "y.bar.global") == "wildcard *.global A 240.0.0.3");
  CHECK(ask(*without, "x.*.bar.global") == "exact x.*.bar.global A 240.0.0.2");
  const auto bare = changed(without, "", {"x.*.bar.global", "*.global"});
  CHECK(ask(*bare, "y.bar.global") == "none");
  CHECK(zone_of(*bare).names() == 3);
}

TEST_CASE("what changes nothing commits to the base itself") {
  const auto base = zones_from("httpbin.bar A 240.0.0.2\nhttpbin.bar META a\n@ A 240.0.0.1");
  const auto same = [](std::string_view put) {
    auto zones = zones_from("httpbin.bar A 240.0.0.2\nhttpbin.bar META a\n@ A 240.0.0.1");
    return changed(zones, put) == zones;
  };
  CHECK(same(""));
  CHECK(same("httpbin.bar A 240.0.0.2\nhttpbin.bar META a"));
  CHECK(same("HTTPBIN.bar A 240.0.0.2\nhttpbin.bar META a"));
  CHECK(same("@ A 240.0.0.1"));
  CHECK_FALSE(same("httpbin.bar A 240.0.0.2"));
  CHECK_FALSE(same("httpbin.bar A 240.0.0.2\nhttpbin.bar META b"));
  CHECK_FALSE(same("httpbin.bar A 240.0.0.3\nhttpbin.bar META a"));
  CHECK_FALSE(same("httpbin.bar A 240.0.0.2 240.0.0.3\nhttpbin.bar META a"));
  CHECK_FALSE(same("httpbin.bar A 240.0.0.2\nhttpbin.bar META a\nhttpbin.bar PENDING"));
  CHECK_FALSE(same("httpbin.bar A 240.0.0.2\nhttpbin.bar META a\nhttpbin.bar SRV 80"));

  zone::Transaction changes(base);
  for (const char* name : {"nothing.global", "bar.global", "dns.global", "ns.dns.global", "example.com"}) {
    CHECK_FALSE(changes.remove(name_of(name)));
  }
  CHECK_FALSE(changes.changes_anything());
  CHECK(changes.commit([] { return 7u; }) == base);
}

TEST_CASE("only zones that changed get a serial, one each, and the others are shared") {
  const auto base = zones_from("x A 240.0.0.1\nx.mesh. A 240.0.0.2",
                               {test::spec_of("global"), test::spec_of("mesh"), test::spec_of("eu")});
  zone::Transaction changes(base);
  test::put(changes, "y A 240.0.0.3\nx.mesh. A 240.0.0.2\ny.eu. A 240.0.0.4\nz A 240.0.0.5");
  std::uint32_t serial = 100;
  const auto next = changes.commit([&] { return ++serial; });
  CHECK(serial == 102);
  CHECK(zone_of(*next).serial() == 101);
  CHECK(zone_of(*next, "eu").serial() == 102);
  CHECK(zone_of(*next, "mesh").serial() == 1);
  CHECK(next->zones()[1] == base->zones()[1]);
}

TEST_CASE("only hosts are counted as hosts, and a host that becomes something else is none") {
  const auto zones =
      zones_from("x.bar A 240.0.0.1\n_http._tcp.x.bar SRV 80 x.bar\ny.bar NODATA\nz.bar PENDING\n*.bar A 240.0.0.2");
  CHECK(zone_of(*zones).hosts() == 4);
  const auto next = changed(zones, "y.bar SRV 80 x.bar", {"z.bar.global"});
  CHECK(zone_of(*next).hosts() == 2);
}
