#include <doctest/doctest.h>

#include <meridian/zone/transaction.hpp>

#include "support/zone_text.hpp"
#include "zone/ask.hpp"

using namespace meridian;
using test::ask;
using test::spec_of;

namespace {

std::string apex_of(const zone::Zone* zone) {
  return zone ? zone->spec().apex.to_text() : "none";
}

std::string enclosing(const zone::ZoneSet& zones, std::string_view name) {
  return apex_of(zones.enclosing(dns::FoldedName(test::name_of(name))));
}

std::shared_ptr<const zone::ZoneSet> create(std::vector<zone::Spec> specs) {
  return zone::ZoneSet::create(std::move(specs), 1, 42);
}

}  // namespace

TEST_CASE("the zone of a name is the deepest that encloses it") {
  std::vector<zone::Spec> specs = {spec_of("global"), spec_of("EU.Global"), spec_of("a.b.eu.global"), spec_of("mesh")};
  for (int i = 0; i < 256; ++i) specs.push_back(spec_of(std::to_string(i) + ".245.in-addr.arpa", zone::Kind::Reverse));
  specs.push_back(spec_of("0.0.d.f.ip6.arpa", zone::Kind::Reverse));
  const auto zones = create(specs);

  const struct {
    const char* name;
    const char* apex;
  } rows[] = {
      {"global", "global"},
      {"GLOBAL", "global"},
      {"x.global", "global"},
      {"eu.global", "EU.Global"},
      {"x.y.z.eu.global", "EU.Global"},
      {"b.eu.global", "EU.Global"},
      {"a.b.eu.global", "a.b.eu.global"},
      {"x.a.b.eu.global", "a.b.eu.global"},
      {"neu.global", "global"},
      {"xglobal", "none"},
      {"global.mesh", "mesh"},
      {"mesh.example", "none"},
      {".", "none"},
      {"1.2.3.245.in-addr.arpa", "3.245.in-addr.arpa"},
      {"255.255.255.245.in-addr.arpa", "255.245.in-addr.arpa"},
      {"245.in-addr.arpa", "none"},
      {"3.246.in-addr.arpa", "none"},
      {"1.0.0.d.f.ip6.arpa", "0.0.d.f.ip6.arpa"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.name);
    CHECK(enclosing(*zones, row.name) == row.apex);
  }
  for (const auto& zone : zones->zones()) CHECK(enclosing(*zones, zone->spec().apex.to_text()) == apex_of(zone.get()));
  CHECK(zones->any_host() == nullptr);
}

TEST_CASE("no zones at all enclose nothing and take nothing") {
  const auto zones = create({});
  CHECK(enclosing(*zones, "global") == "none");
  zone::Transaction changes(zones);
  CHECK_FALSE(changes.replace(test::name_of("x.global"), {}));
  CHECK_FALSE(changes.remove(test::name_of("x.global")));
  changes.set_ready(true);
  CHECK_FALSE(changes.changes_anything());
  CHECK(changes.commit([] { return 2u; }) == zones);
}

TEST_CASE("a zone over the root encloses everything") {
  const auto zones = create({spec_of("."), spec_of("global")});
  CHECK(enclosing(*zones, ".") == ".");
  CHECK(enclosing(*zones, "com") == ".");
  CHECK(enclosing(*zones, "x.global") == "global");
}

TEST_CASE("of two zones with one apex the first counts") {
  auto second = spec_of("Global");
  second.ttl = 77;
  const auto zones = create({spec_of("global"), second});
  REQUIRE(zones->zones().size() == 1);
  CHECK(zones->zones()[0]->spec().ttl == 30);
}

TEST_CASE("names go into the deepest zone, and wildcards do not reach over its apex") {
  const auto zones = test::zones_from(R"(
    *        A  240.0.0.1
    x.eu     A  240.0.0.2
    eu.mesh. A  240.0.0.3
  )",
                                      {spec_of("global"), spec_of("eu.global"), spec_of("mesh")});
  CHECK(ask(*zones, "x.eu.global") == "exact x.eu.global A 240.0.0.2");
  CHECK(ask(*zones, "y.eu.global") == "none");
  CHECK(ask(*zones, "eu.global") == "exact eu.global");
  CHECK(ask(*zones, "y.global") == "wildcard *.global A 240.0.0.1");
  CHECK(test::zone_of(*zones).hosts() == 1);
  CHECK(test::zone_of(*zones, "eu.global").hosts() == 1);
}

TEST_CASE("hosts outside the zones") {
  auto any = spec_of(".", zone::Kind::AnyHost);
  for (const auto mode : {zone::Wildcards::Istio, zone::Wildcards::Rfc4592}) {
    any.wildcards = mode;
    for (const bool ready : {true, false}) {
      const auto zones = test::zones_from(R"(
        x                 A  240.0.0.1
        www.example.com.  A  240.0.0.2
        *.example.org.    A  240.0.0.3
        slow.example.com. PENDING
        empty.example.com. NODATA
      )",
                                          {spec_of("global"), any}, ready);
      CAPTURE(ready);
      REQUIRE(zones->any_host() != nullptr);
      CHECK(ask(*zones, "www.example.com") == "exact www.example.com A 240.0.0.2");
      CHECK(ask(*zones, "a.b.example.org") == "wildcard *.example.org A 240.0.0.3");
      CHECK(ask(*zones, "empty.example.com") == "exact empty.example.com");
      CHECK(ask(*zones, "slow.example.com") == "not-ready");
      CHECK(ask(*zones, "example.com") == "none");
      CHECK(ask(*zones, "example.org") == "none");
      CHECK(ask(*zones, "www.example.net") == "none");
      CHECK(ask(*zones, "_meta.www.example.com") == "none");
      CHECK(ask(*zones, ".") == "none");
      CHECK(ask(*zones, "y.global") == (ready ? "none" : "not-ready"));
      CHECK(zones->any_host()->hosts() == 4);
      CHECK(apex_of(zones->enclosing(dns::FoldedName(test::name_of("www.example.com")))) == "none");
    }
  }
}
