#include <doctest/doctest.h>

#include <meridian/zone/zone.hpp>

#include "support/zone_text.hpp"
#include "zone/ask.hpp"

using namespace meridian;
using test::ask;
using test::zones_from;

namespace {

struct Row {
  const char* title;
  const char* name;
  const char* match;
};

// *.sub.star exists and star does not hold "*" itself; x.*.gap makes "*.gap" an empty non-terminal.
constexpr const char* kHosts = R"(
  httpbin.bar     A       240.0.0.2
  _http._tcp.httpbin.bar  SRV 80 httpbin.bar
  v6.bar          AAAA    fd00::6
  empty.bar       NODATA
  slow.bar        PENDING
  *.bar           A       240.0.0.3
  *.deep.bar      A       240.0.0.4
  *.wait          PENDING
  a.b.c.tree      A       240.0.0.5
  x.*.gap         A       240.0.0.6
)";

zone::Spec rfc4592_spec() {
  auto spec = test::spec_of("global");
  spec.wildcards = zone::Wildcards::Rfc4592;
  return spec;
}

}  // namespace

TEST_CASE("in both modes of wildcards a lookup finds") {
  const auto istio = zones_from(kHosts);
  const auto rfc = zones_from(kHosts, {rfc4592_spec()});
  const Row rows[] = {
      {"a host", "httpbin.bar.global", "exact httpbin.bar.global A 240.0.0.2"},
      {"a host in any case", "HTTPBIN.Bar.GLOBAL", "exact httpbin.bar.global A 240.0.0.2"},
      {"a host of the other family, whatever the wildcard has", "v6.bar.global", "exact v6.bar.global AAAA fd00::6"},
      {"a host without addresses, whatever the wildcard has", "empty.bar.global", "exact empty.bar.global"},
      {"a host whose VIP is pending, as not ready", "slow.bar.global", "not-ready"},
      {"a name that was made for a host", "_http._tcp.httpbin.bar.global", "exact _http._tcp.httpbin.bar.global"},
      {"a wildcard asked for literally", "*.bar.global", "exact *.bar.global A 240.0.0.3"},
      {"the wildcard for a name it covers", "any.bar.global", "wildcard *.bar.global A 240.0.0.3"},
      {"the more specific wildcard", "any.deep.bar.global", "wildcard *.deep.bar.global A 240.0.0.4"},
      {"nothing through a wildcard without its VIP", "any.wait.global", "not-ready"},
      {"an empty non-terminal", "c.tree.global", "ent"},
      {"an empty non-terminal that is not the lowest", "tree.global", "ent"},
      {"an empty non-terminal whose label is an asterisk", "*.gap.global", "ent"},
      {"nothing beside the names there are", "b.tree.global", "none"},
      {"nothing below a leaf without a wildcard above it", "x.a.b.c.tree.global", "none"},
      {"nothing for junk of many labels", "web.ns1.svc.cluster.local.global", "none"},
      {"the apex", "global", "exact global"},
      {"the NS target and its glue", "ns.dns.global", "exact ns.dns.global A 192.0.2.53 AAAA 2001:db8::53"},
      {"the empty non-terminal above the NS target", "dns.global", "ent"},
      {"no zone for a name outside", "example.com", "no zone"},
      {"no zone for a name that ends in the same letters", "xevilglobal", "no zone"},
      {"no zone for the root", ".", "no zone"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.title);
    CHECK(ask(*istio, row.name) == row.match);
    CHECK(ask(*rfc, row.name) == row.match);
  }
}

TEST_CASE("a wildcard as Envoy routes it") {
  const auto zones = zones_from(kHosts);
  const auto everything =
      zones_from("*  A  240.0.0.1\nhttpbin.bar  A  240.0.0.2\n_web._tcp.bar  SRV  80\n@  A  240.0.0.9");
  const Row rows[] = {
      {"covers any number of labels", "x.y.z.bar.global", "wildcard *.bar.global A 240.0.0.3"},
      {"covers names below a host", "x.httpbin.bar.global", "wildcard *.bar.global A 240.0.0.3"},
      {"covers names below a host of more labels", "x.y.httpbin.bar.global", "wildcard *.bar.global A 240.0.0.3"},
      {"does not cover its own apex", "bar.global", "ent"},
      {"covers the apex of one that is more specific", "deep.bar.global", "wildcard *.bar.global A 240.0.0.3"},
      {"covers names below itself", "x.*.bar.global", "wildcard *.bar.global A 240.0.0.3"},
      {"does not cover a label that begins with an underscore", "_x.bar.global", "none"},
      {"does not cover names below such a label", "x._y.bar.global", "none"},
      {"does not cover service names", "_http._tcp.any.bar.global", "none"},
      {"does not cover the empty non-terminal of service names", "_tcp.httpbin.bar.global", "ent"},
      {"is none without data of its own", "y.gap.global", "none"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.title);
    CHECK(ask(*zones, row.name) == row.match);
  }
  const Row top[] = {
      {"covers one label below the zone", "x.global", "wildcard *.global A 240.0.0.1"},
      {"covers more labels below the zone", "x.y.global", "wildcard *.global A 240.0.0.1"},
      {"covers empty non-terminals", "bar.global", "wildcard *.global A 240.0.0.1"},
      {"covers what is above our NS target", "dns.global", "wildcard *.global A 240.0.0.1"},
      {"covers names below our NS target", "x.ns.dns.global", "wildcard *.global A 240.0.0.1"},
      {"leaves our NS target alone", "ns.dns.global", "exact ns.dns.global A 192.0.2.53 AAAA 2001:db8::53"},
      {"leaves service names alone", "_tcp.bar.global", "ent"},
      {"leaves the apex alone", "global", "exact global A 240.0.0.9"},
  };
  for (const auto& row : top) {
    CAPTURE(row.title);
    CHECK(ask(*everything, row.name) == row.match);
  }
}

TEST_CASE("a wildcard as RFC 4592 has it") {
  const auto zones = zones_from(kHosts, {rfc4592_spec()});
  const auto everything = zones_from("*  A  240.0.0.1\nhttpbin.bar  A  240.0.0.2", {rfc4592_spec()});
  const Row rows[] = {
      {"covers any number of labels below the closest encloser", "x.y.z.bar.global",
       "wildcard *.bar.global A 240.0.0.3"},
      {"is blocked by a name that exists", "x.httpbin.bar.global", "none"},
      {"is blocked by an empty non-terminal that exists", "x._tcp.httpbin.bar.global", "none"},
      {"is blocked by the name of a more specific one", "deep.bar.global", "ent"},
      {"is blocked below itself", "x.*.bar.global", "none"},
      {"does not cover its own apex", "bar.global", "ent"},
      {"covers labels that begin with an underscore", "_x.bar.global", "wildcard *.bar.global A 240.0.0.3"},
      {"covers service names", "_http._tcp.any.bar.global", "wildcard *.bar.global A 240.0.0.3"},
      {"without data of its own is a source without data", "y.gap.global", "ent"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.title);
    CHECK(ask(*zones, row.name) == row.match);
  }
  const Row top[] = {
      {"covers one label below the zone", "x.global", "wildcard *.global A 240.0.0.1"},
      {"covers more labels below the zone", "x.y.global", "wildcard *.global A 240.0.0.1"},
      {"leaves empty non-terminals alone", "bar.global", "ent"},
      {"is blocked below empty non-terminals", "x.bar.global", "none"},
      {"is blocked below our NS target", "x.ns.dns.global", "none"},
  };
  for (const auto& row : top) {
    CAPTURE(row.title);
    CHECK(ask(*everything, row.name) == row.match);
  }
}

TEST_CASE("an introspection name") {
  constexpr const char* kMeta = R"(
    httpbin.bar   A     240.0.0.2
    httpbin.bar   META  source=a
    *.bar         A     240.0.0.3
    slow.bar      PENDING
    _meta.own.bar A     240.0.0.4
    own.bar       A     240.0.0.5
    x._meta.ent.bar A   240.0.0.6
    ent.bar       A     240.0.0.7
    _http._tcp.httpbin.bar  SRV 80 httpbin.bar
  )";
  for (const auto mode : {zone::Wildcards::Istio, zone::Wildcards::Rfc4592}) {
    auto spec = test::spec_of("global");
    spec.wildcards = mode;
    const auto zones = zones_from(kMeta, {spec});
    const Row rows[] = {
        {"is the host's", "_meta.httpbin.bar.global", "meta httpbin.bar.global A 240.0.0.2"},
        {"is a wildcard's too", "_meta.*.bar.global", "meta *.bar.global A 240.0.0.3"},
        {"tells of a host that is pending", "_meta.slow.bar.global", "meta slow.bar.global"},
        {"gives way to a host of that name", "_meta.own.bar.global", "exact _meta.own.bar.global A 240.0.0.4"},
        {"of that host works in turn", "_meta._meta.own.bar.global", "meta _meta.own.bar.global A 240.0.0.4"},
        {"gives way to an empty non-terminal of that name", "_meta.ent.bar.global", "ent"},
        {"is none of a name made for a host", "_meta._http._tcp.httpbin.bar.global", "none"},
        {"is none of the zone's own names", "_meta.global", "none"},
        {"is none of an NS target", "_meta.ns.dns.global", "none"},
    };
    for (const auto& row : rows) {
      CAPTURE(row.title);
      CHECK(ask(*zones, row.name) == row.match);
    }
    const bool istio = mode == zone::Wildcards::Istio;
    CHECK(ask(*zones, "_meta.any.bar.global") == (istio ? "none" : "wildcard *.bar.global A 240.0.0.3"));
  }
  const auto zones = zones_from(kMeta);
  const auto match = test::zone_of(*zones).lookup(dns::FoldedName(test::name_of("_meta.httpbin.bar.global")));
  CHECK(match.node->meta().count == 1);
  CHECK(match.node->meta().type == dns::Type::TXT);
}
