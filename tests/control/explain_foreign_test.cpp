#include "control/explain_foreign.hpp"

#include <doctest/doctest.h>
#include <boost/json/serialize.hpp>

#include "control/explain.hpp"
#include "running_reconciler.hpp"

using namespace meridian;
using namespace meridian::control::test;

namespace {

const std::vector<control::UpstreamStatus> kUpstreams = {
    {"192.0.2.1:53", ".", 3, true, false, 9, 0},
    {"192.0.2.2:53", ".", 0, true, true, 1, 1},
    {"10.96.0.10:53", "cluster.local", 0.5, false, false, 4, 4},
    {"10.96.0.11:53", "svc.cluster.local", 0.5, true, false, 4, 0},
};

boost::json::object explained(RunningReconciler& it, const char* name, dns::Type type = dns::Type::A) {
  return control::explain(it.reconciler(), *dns::Name::from_text(name), type, kUpstreams);
}

std::string answers(const boost::json::object& said) {
  return boost::json::serialize(said.at("answers"));
}

}  // namespace

TEST_CASE("explain says where a question that is not ours goes") {
  const Scratch scratch;
  scratch.write("a.yaml", entry("web", "hosts: [web.lax.global], addresses: [240.0.0.2], resolution: STATIC"));
  auto config = scratch.config();
  config.zones.resize(2);
  config.zones[0].name = "global";
  config.zones[1].name = "lax.global";
  config.zones[1].unknown = config::Zone::Unknown::Forward;
  config.forward.zones = {{"svc.cluster.local", {}}, {"cluster.local", {}}, {"empty.net", {}}};
  RunningReconciler it(config);
  REQUIRE(it.answers("web.lax.global", "NOERROR 240.0.0.2"));

  struct {
    const char *title, *name, *why, *zone;
    std::size_t upstreams;
  } cases[] = {
      {"to the upstreams of everything else", "www.test.net",
       "in no owned zone: forwarded, for clients in access.recursion, to forward.upstreams", ".", 2},
      {"to those of the longest suffix", "a.SVC.cluster.local",
       "in no owned zone: forwarded, for clients in access.recursion, to forward.zones: svc.cluster.local",
       "svc.cluster.local", 1},
      {"to those of a suffix by its own name, which do not answer", "cluster.local",
       "in no owned zone: forwarded, for clients in access.recursion, to forward.zones: cluster.local, of which none "
       "can be used at the moment",
       "cluster.local", 1},
      {"no further than to a suffix without any", "empty.net",
       "in no owned zone: forwarded, for clients in access.recursion, to forward.zones: empty.net, of which none is "
       "known at the moment",
       "empty.net", 0},
      {"elsewhere, though in a zone of ours that forwards what it lacks", "nobody.lax.global",
       "not in lax.global, which forwards what it lacks: forwarded, for clients in access.recursion, to "
       "forward.upstreams",
       ".", 2},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      const auto said = explained(it, c.name);
      CAPTURE(boost::json::serialize(said));
      CHECK(said.at("rcode").is_null());
      CHECK(said.at("why") == c.why);
      CHECK(said.at("forward").at("zone") == c.zone);
      CHECK(said.at("forward").at("upstreams").as_array().size() == c.upstreams);
      CHECK(said.at("answers").as_array().empty());
    }
  }
  SUBCASE("with what is known of each upstream") {
    const auto said = explained(it, "www.test.net");
    CHECK(boost::json::serialize(said.at("forward").at("upstreams").at(1)) ==
          R"({"address":"192.0.2.2:53","zone":".","up":true,"loop":true,"rtt_ms":0E0,"queries":1,"failures":1})");
  }
  SUBCASE("nowhere, if it is ours") {
    CHECK(explained(it, "web.lax.global").at("forward").is_null());
  }
  SUBCASE("nowhere, if it asks for a zone as a whole") {
    const auto said = explained(it, "www.test.net", dns::Type::AXFR);
    CHECK(said.at("rcode") == "REFUSED");
    CHECK(said.at("why") == "in no owned zone: of a type that is never forwarded");
  }
}

TEST_CASE("explain says that special names are answered here") {
  const Scratch scratch;
  RunningReconciler it(scratch.config());
  REQUIRE(it.answers("web.shop.global", "NXDOMAIN"));
  struct {
    const char *title, *name;
    dns::Type type;
    const char *rcode, *answers;
  } cases[] = {
      {"localhost", "localhost", dns::Type::A, "NOERROR", R"(["127.0.0.1"])"},
      {"localhost in v6, and what is below it", "www.LOCALHOST", dns::Type::AAAA, "NOERROR", R"(["::1"])"},
      {"localhost for anything else", "localhost", dns::Type::MX, "NOERROR", "[]"},
      {"invalid", "a.invalid", dns::Type::A, "NXDOMAIN", "[]"},
      {"test", "a.test", dns::Type::A, "NXDOMAIN", "[]"},
      {"onion", "a.onion", dns::Type::A, "NXDOMAIN", "[]"},
      {"alt", "alt", dns::Type::A, "NXDOMAIN", "[]"},
      {"resolver.arpa", "_dns.resolver.arpa", dns::Type::SVCB, "NOERROR", "[]"},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      const auto said = explained(it, c.name, c.type);
      CAPTURE(boost::json::serialize(said));
      CHECK(said.at("rcode") == c.rcode);
      CHECK(answers(said) == c.answers);
      CHECK(said.at("why").as_string().find("a special name") != std::string::npos);
      CHECK(said.at("forward").is_null());
    }
  }
}

TEST_CASE("explain without upstreams") {
  const Scratch scratch;
  auto config = scratch.config();
  config.forward.upstreams.clear();
  config.zones[0].unknown = config::Zone::Unknown::Forward;
  RunningReconciler it(config);
  REQUIRE(it.until([&] { return it.reconciler().adopted_complete(); }));
  const auto foreign = explained(it, "www.test.net");
  CHECK(foreign.at("rcode") == "REFUSED");
  CHECK(foreign.at("why") == "in no owned zone: nothing is forwarded, there are no upstreams");
  CHECK(explained(it, "nobody.global").at("rcode") == "NXDOMAIN");
  CHECK(explained(it, "localhost").at("rcode") == "NOERROR");
}

TEST_CASE("explain of hosts outside of the zones") {
  const Scratch scratch;
  scratch.write("a.yaml",
                entry("api", "hosts: [api.example.com, printer.test], addresses: [240.0.0.2], resolution: STATIC") +
                    entry("none", "hosts: [none.example.com], resolution: NONE"));
  auto config = scratch.config();
  config.serve_hosts = config::Config::ServeHosts::Any;
  RunningReconciler it(config);
  REQUIRE(it.answers("api.example.com", "NOERROR 240.0.0.2"));
  struct {
    const char *title, *name;
    dns::Type type;
    const char *rcode, *answers;
  } cases[] = {
      {"one with an address", "api.example.com", dns::Type::A, "NOERROR", R"(["240.0.0.2"])"},
      {"what it lacks of addresses", "api.example.com", dns::Type::AAAA, "NOERROR", "[]"},
      {"what is no address, which its own servers know", "api.example.com", dns::Type::MX, nullptr, "[]"},
      {"one with the name of a special name", "printer.test", dns::Type::A, "NOERROR", R"(["240.0.0.2"])"},
      {"one without an address is forwarded whole", "none.example.com", dns::Type::A, nullptr, "[]"},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      const auto said = explained(it, c.name, c.type);
      CAPTURE(boost::json::serialize(said));
      CHECK((c.rcode ? said.at("rcode") == c.rcode : said.at("rcode").is_null()));
      CHECK(answers(said) == c.answers);
      CHECK(said.at("forward").is_null() == (c.rcode != nullptr));
    }
  }
}
