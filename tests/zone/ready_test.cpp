#include <doctest/doctest.h>

#include <meridian/zone/transaction.hpp>

#include "support/zone_text.hpp"
#include "zone/ask.hpp"

using namespace meridian;
using test::ask;

namespace {

struct Row {
  const char* title;
  const char* name;
  const char* match;
};

constexpr const char* kHosts = R"(
  httpbin.bar     A       240.0.0.2
  empty.bar       NODATA
  _http._tcp.httpbin.bar  SRV 80 httpbin.bar
  *.bar           A       240.0.0.3
  *.wait          PENDING
  a.tree          A       240.0.0.5
)";

}  // namespace

TEST_CASE("before the first complete sync a zone") {
  for (const auto mode : {zone::Wildcards::Istio, zone::Wildcards::Rfc4592}) {
    auto spec = test::spec_of("global");
    spec.wildcards = mode;
    const auto zones = test::zones_from(kHosts, {spec}, false);
    REQUIRE_FALSE(test::zone_of(*zones).ready());
    const Row rows[] = {
        {"answers for hosts it knows", "httpbin.bar.global", "exact httpbin.bar.global A 240.0.0.2"},
        {"answers for hosts without addresses", "empty.bar.global", "exact empty.bar.global"},
        {"answers for names made for hosts", "_http._tcp.httpbin.bar.global", "exact _http._tcp.httpbin.bar.global"},
        {"answers for what a wildcard covers", "any.bar.global", "wildcard *.bar.global A 240.0.0.3"},
        {"tells clients on the list of hosts it knows", "_meta.httpbin.bar.global",
         "meta httpbin.bar.global A 240.0.0.2"},
        {"has no answer through a pending wildcard", "any.wait.global", "not-ready"},
        {"does not deny a name", "nothing.tree.global", "not-ready"},
        {"does not deny junk", "web.ns1.svc.cluster.local.global", "not-ready"},
        {"does not deny a type at an empty non-terminal", "tree.global", "not-ready"},
        {"does not answer for its apex", "global", "not-ready"},
        {"does not answer for its NS target", "ns.dns.global", "not-ready"},
    };
    for (const auto& row : rows) {
      CAPTURE(row.title);
      CHECK(ask(*zones, row.name) == row.match);
    }
  }
}

TEST_CASE("a host at the apex is answered before the first sync, and a wildcard covers an empty non-terminal") {
  const auto zones =
      test::zones_from("@ A 240.0.0.1\n* A 240.0.0.2\na.tree A 240.0.0.5", {test::spec_of("global")}, false);
  CHECK(ask(*zones, "global") == "exact global A 240.0.0.1");
  CHECK(ask(*zones, "tree.global") == "wildcard *.global A 240.0.0.2");
  CHECK(ask(*zones, "ns.dns.global") == "not-ready");
}

TEST_CASE("being ready changes answers and no serial") {
  const auto before = test::zones_from(kHosts, {test::spec_of("global"), test::spec_of("mesh")}, false);
  zone::Transaction changes(before);
  CHECK_FALSE(changes.changes_anything());
  changes.set_ready(true);
  CHECK(changes.changes_anything());
  const auto after = changes.commit([]() -> std::uint32_t {
    FAIL("no serial is asked for");
    return 0;
  });

  CHECK(ask(*before, "tree.global") == "not-ready");
  CHECK(ask(*after, "tree.global") == "ent");
  CHECK(ask(*after, "nothing.mesh") == "none");
  CHECK(test::zone_of(*after, "mesh").ready());
  CHECK(test::zone_of(*after).serial() == test::zone_of(*before).serial());

  zone::Transaction again(after);
  again.set_ready(true);
  CHECK_FALSE(again.changes_anything());
}
