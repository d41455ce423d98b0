#include "mesh/entries.hpp"

#include <doctest/doctest.h>

#include <meridian/mesh/host.hpp>

using namespace meridian::mesh;
using meridian::mesh::testing::entry;
using meridian::mesh::testing::joined;
using meridian::mesh::testing::summary;

namespace {

// One host out of entries; every status address is its own to keep.
Host host_of(std::string_view name, const std::vector<std::string>& lines, const Rules& rules) {
  std::vector<std::shared_ptr<const ServiceEntry>> entries;
  Claims claims;
  for (const std::string& line : lines) claims.insert(entries.emplace_back(entry(line)).get());
  return make_host(name, claims, rules, [&](const Address&) { return name; });
}

}  // namespace

TEST_CASE("where the addresses of a host come from") {
  const Rules rules{.zones = {"global"}};
  struct {
    const char* title;
    std::vector<std::string> entries;
    const char* summary;
    const char* why;
  } cases[] = {
      {"plain addresses are served",
       {"b/a hosts=x.global addresses=240.0.0.2,2001:db8::2"},
       "literal 240.0.0.2 2001:db8::2 by b/a",
       "spec.addresses"},
      {"and so they are with resolution NONE",
       {"b/a hosts=x.global addresses=240.0.0.2 resolution=NONE"},
       "literal 240.0.0.2 by b/a",
       "spec.addresses"},
      {"literal addresses come before those in the status",
       {"b/a hosts=x.global addresses=240.0.0.2 status=240.240.0.1@x.global"},
       "literal 240.0.0.2 by b/a",
       "spec.addresses"},
      {"a wider CIDR is not served, and no VIP either",
       {"b/a hosts=x.global addresses=10.0.0.0/8"},
       "none by b/a",
       "spec.addresses holds no address that can be served"},
      {"an address that cannot be served still counts as one",
       {"b/a hosts=x.global addresses=0.0.0.0 status=240.240.0.1@x.global"},
       "none by b/a",
       "spec.addresses holds no address that can be served"},
      {"status addresses are served where there are no others",
       {"b/a hosts=x.global status=240.240.0.1@x.global,2001:2::1@x.global"},
       "status 240.240.0.1 2001:2::1 by b/a",
       "status.addresses, given by istiod"},
      {"only those for this host",
       {"b/a hosts=x.global,y.global status=240.240.0.1@x.global,240.240.0.2@y.global"},
       "status 240.240.0.1 by b/a",
       "status.addresses, given by istiod"},
      {"STATIC without addresses gets a VIP",
       {"b/a hosts=x.global resolution=STATIC"},
       "vip by b/a",
       "no addresses of its own: a VIP of ours"},
      {"DNS too",
       {"b/a hosts=x.global resolution=DNS endpoints"},
       "vip by b/a",
       "no addresses of its own: a VIP of ours"},
      {"DNS_ROUND_ROBIN too",
       {"b/a hosts=x.global resolution=DNS_ROUND_ROBIN endpoints"},
       "vip by b/a",
       "no addresses of its own: a VIP of ours"},
      {"if no status address is usable, it is as if there were none",
       {"b/a hosts=x.global status=240.240.0.1@y.global"},
       "vip by b/a",
       "no addresses of its own: a VIP of ours"},
      {"NONE without addresses never gets a VIP",
       {"b/a hosts=x.global resolution=NONE"},
       "none by b/a",
       "no addresses, and with resolution NONE never a VIP"},
      {"DYNAMIC_DNS gets none unless the operator opts in",
       {"b/a hosts=x.global resolution=DYNAMIC_DNS"},
       "none by b/a",
       "resolution DYNAMIC_DNS without addresses, and vip.wildcard-hosts is off"},
      {"the label opts out of VIPs, and the status is ignored",
       {"b/a hosts=x.global allocate=False status=240.240.0.1@x.global"},
       "none by b/a",
       "no addresses, and no VIP either: opted out"},
      {"the annotation opts out",
       {"b/a hosts=x.global vip=none"},
       "none by b/a",
       "no addresses, and no VIP either: opted out"},
      {"opting out leaves literal addresses alone",
       {"b/a hosts=x.global vip=none addresses=240.0.0.2"},
       "literal 240.0.0.2 by b/a",
       "spec.addresses"},
      {"a pin is handed on",
       {"b/a hosts=x.global vip=245.1.2.3"},
       "vip pin 245.1.2.3 by b/a",
       "no addresses of its own: a VIP of ours"},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      const Host host = host_of("x.global", c.entries, rules);
      CHECK(summary(host) == c.summary);
      CHECK(host.why == c.why);
      CHECK(joined(host.warnings, "|") == "");
    }
  }
}

TEST_CASE("wildcards and the operator's opt-in") {
  struct {
    const char* title;
    const char* name;
    const char* line;
    bool wildcard_vips;
    const char* summary;
  } cases[] = {
      {"a wildcard with addresses is served", "*.global", "b/a hosts=*.global addresses=240.0.0.2", false,
       "literal 240.0.0.2 by b/a"},
      {"a wildcard with a status address too", "*.global", "b/a hosts=*.global status=240.240.0.1@*.global", false,
       "status 240.240.0.1 by b/a"},
      {"a wildcard without addresses gets no VIP", "*.global", "b/a hosts=*.global", false, "none by b/a"},
      {"but does if the operator opts in", "*.global", "b/a hosts=*.global", true, "vip by b/a"},
      {"and so does DYNAMIC_DNS", "*.global", "b/a hosts=*.global resolution=DYNAMIC_DNS", true, "vip by b/a"},
      {"NONE does not even then", "*.global", "b/a hosts=*.global resolution=NONE", true, "none by b/a"},
      {"nor does a wildcard outside the owned zones", "*.example", "b/a hosts=*.example", true, "none by b/a"},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      const Rules rules{.zones = {"global"}, .any_hosts = true, .wildcard_vips = c.wildcard_vips};
      CHECK(summary(host_of(c.name, {c.line}, rules)) == c.summary);
    }
  }
}

TEST_CASE("hosts outside the owned zones") {
  Rules rules{.zones = {"global", "mesh.example"}};
  const std::string literal = "b/a hosts=x.example addresses=240.0.0.2";
  SUBCASE("are not served, and say why") {
    const Host host = host_of("x.example", {literal}, rules);
    CHECK(summary(host) == "unserved by b/a");
    CHECK(host.why == "outside the owned zones (global, mesh.example); serve-hosts is owned");
  }
  SUBCASE("are served if any are") {
    rules.any_hosts = true;
    CHECK(summary(host_of("x.example", {literal}, rules)) == "literal 240.0.0.2 by b/a");
  }
  SUBCASE("never get a VIP") {
    rules.any_hosts = true;
    const Host host = host_of("x.example", {"b/a hosts=x.example resolution=DNS"}, rules);
    CHECK(summary(host) == "none by b/a");
    CHECK(host.why == "no addresses, and outside the owned zones never a VIP");
    CHECK(joined(host.warnings) == "");
  }
  SUBCASE("are within no zone if there is none") {
    rules.zones.clear();
    CHECK(host_of("x.global", {"b/a hosts=x.global"}, rules).why ==
          "outside the owned zones (none); serve-hosts is owned");
  }
}

TEST_CASE("DNS without endpoints in an owned zone gets a VIP and a warning") {
  const Rules rules{.zones = {"global"}};
  const Host host = host_of("x.global", {"b/a hosts=x.global resolution=DNS"}, rules);
  CHECK(summary(host) == "vip by b/a");
  CHECK(joined(host.warnings) ==
        "resolution DNS of b/a without endpoints: Envoy will ask us for the host itself; give it endpoints");
  CHECK(host_of("x.global", {"b/a hosts=x.global resolution=DNS selector"}, rules).warnings.empty());
}

TEST_CASE("a status address that an older host keeps is not served") {
  const auto only = entry("b/a hosts=x.global status=240.240.0.1@x.global,240.240.0.2@x.global");
  const Claims claims{only.get()};
  const Address contested = *parse_address("240.240.0.1");
  const Host host = make_host("x.global", claims, Rules{.zones = {"global"}}, [&](const Address& address) {
    return address == contested ? std::string_view("y.global") : std::string_view("x.global");
  });
  CHECK(summary(host) == "status 240.240.0.2 by b/a");
  CHECK(joined(host.warnings) ==
        "status.addresses has 240.240.0.1 for this host, and an older entry has it for y.global, which keeps it");
}

TEST_CASE("the rules pass over entries") {
  struct {
    const char* title;
    Rules rules;
    const char* line;
    const char* why;  // "": not passed over
  } cases[] = {
      {"not NONE by default", {}, "b/a hosts=x.global resolution=NONE", ""},
      {"NONE as istiocoredns did",
       {.compat = Compat::IstioCoreDns},
       "b/a hosts=x.global resolution=NONE addresses=240.0.0.1",
       "compat is istiocoredns, which skips resolution NONE"},
      {"nothing else for that", {.compat = Compat::IstioCoreDns}, "b/a hosts=x.global", ""},
      {"not exportTo by default", {}, "b/a hosts=x.global export=.", ""},
      {"`.` if public only",
       {.export_to = ExportTo::PublicOnly},
       "b/a hosts=x.global export=.",
       "export-to is public-only, and exportTo is ."},
      {"`~` if public only",
       {.export_to = ExportTo::PublicOnly},
       "b/a hosts=x.global export=~",
       "export-to is public-only, and exportTo is ~"},
      {"namespaces if public only",
       {.export_to = ExportTo::PublicOnly},
       "b/a hosts=x.global export=foo,bar",
       "export-to is public-only, and exportTo is foo, bar"},
      {"not a list with * if public only", {.export_to = ExportTo::PublicOnly}, "b/a hosts=x.global export=.,*", ""},
      {"not no list at all if public only", {.export_to = ExportTo::PublicOnly}, "b/a hosts=x.global", ""},
  };
  for (const auto& c : cases) SUBCASE(c.title) {
      CHECK(passed_over(*entry(c.line), c.rules).value_or("") == c.why);
    }
}
