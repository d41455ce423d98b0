#include "control/reconciler.hpp"

#include <doctest/doctest.h>

#include "running_reconciler.hpp"

using namespace meridian;
using namespace meridian::control::test;

namespace {

std::string host(int i) {
  return "h" + std::to_string(i) + ".bar.global";
}

std::string literal(const std::string& host_name, const std::string& address) {
  return entry(host_name.substr(0, host_name.find('.')),
               "hosts: [" + host_name + "], addresses: [" + address +
                   "], resolution: STATIC, ports: [{number: 80, name: http, protocol: HTTP}]");
}

std::string without_address(const std::string& host_name, const std::string& metadata = "") {
  return entry(host_name.substr(0, host_name.find('.')),
               "hosts: [" + host_name + "], resolution: STATIC, endpoints: [{address: 192.0.2.1}]", metadata);
}

}  // namespace

TEST_CASE("an entry becomes all the names that are answered for it") {
  const Scratch scratch;
  scratch.write("a.yaml", literal("httpbin.bar.global", "245.0.0.7"));
  RunningReconciler it(scratch.config());
  CHECK(it.ask("httpbin.bar.global") == "SERVFAIL");  // nothing is known yet
  REQUIRE(it.answers("httpbin.bar.global", "NOERROR 245.0.0.7"));
  CHECK(it.ask("httpbin.bar.global", dns::Type::AAAA) == "NODATA");
  CHECK(it.ask("bar.global") == "NODATA");
  CHECK(it.ask("ratings.bar.global") == "NXDOMAIN");
  CHECK(it.ask("httpbin.bar.global", dns::Type::SRV) == "NOERROR 0 100 80 httpbin.bar.global");
  CHECK(it.ask("_http._tcp.httpbin.bar.global", dns::Type::SRV) == "NOERROR 0 100 80 httpbin.bar.global");
  CHECK(it.ask("7.0.0.245.in-addr.arpa", dns::Type::PTR) == "NOERROR httpbin.bar.global");
  CHECK(it.ask("_meta.httpbin.bar.global", dns::Type::TXT) ==
        "NOERROR \"entry=bar/httpbin\" \"version=" + it.version("bar", "httpbin") + "\" \"address=literal\"");

  SUBCASE("and goes with it") {
    scratch.remove("a.yaml");
    REQUIRE(it.answers("httpbin.bar.global", "NXDOMAIN"));
    CHECK(it.ask("bar.global") == "NXDOMAIN");
    CHECK(it.ask("_http._tcp.httpbin.bar.global", dns::Type::SRV) == "NXDOMAIN");
    CHECK(it.ask("7.0.0.245.in-addr.arpa", dns::Type::PTR) == "NXDOMAIN");
  }
  SUBCASE("and follows its address") {
    scratch.write("a.yaml", literal("httpbin.bar.global", "245.0.0.8"));
    REQUIRE(it.answers("httpbin.bar.global", "NOERROR 245.0.0.8"));
    CHECK(it.ask("7.0.0.245.in-addr.arpa", dns::Type::PTR) == "NXDOMAIN");
    CHECK(it.ask("8.0.0.245.in-addr.arpa", dns::Type::PTR) == "NOERROR httpbin.bar.global");
  }
}

TEST_CASE("a VIP is remembered") {
  const Scratch scratch;
  scratch.write("a.yaml", without_address("a.bar.global") + without_address("b.bar.global"));
  std::string first;
  {
    RunningReconciler it(scratch.config());
    REQUIRE(it.until([&] { return it.ask("a.bar.global").starts_with("NOERROR 245."); }));
    first = it.ask("a.bar.global");
    CHECK(it.ask("b.bar.global") != first);
  }
  SUBCASE("over a restart, whatever else comes and goes") {
    scratch.write("a.yaml", without_address("a.bar.global") + without_address("c.bar.global"));
    RunningReconciler it(scratch.config());
    REQUIRE(it.until([&] { return it.ask("c.bar.global").starts_with("NOERROR"); }));
    CHECK(it.ask("a.bar.global") == first);
  }
  SUBCASE("and found again where the ledger was lost: the hash comes first") {
    std::filesystem::remove_all(scratch.path() / "state");
    RunningReconciler it(scratch.config());
    CHECK(it.answers("a.bar.global", first));
  }
  SUBCASE("while the user's literal of the same address wins") {
    scratch.write("b.yaml", literal("taken.bar.global", first.substr(8)));
    RunningReconciler it(scratch.config());
    REQUIRE(it.answers("taken.bar.global", first));
    REQUIRE(it.until([&] { return it.ask("a.bar.global").starts_with("NOERROR 245."); }));
    CHECK(it.ask("a.bar.global") != first);
  }
}

TEST_CASE("exhausted pools are NODATA, and nobody's address goes to two hosts") {
  const Scratch scratch;
  auto config = scratch.config();
  config.vip.pools = {{boost::asio::ip::make_address("245.1.1.4"), 30}};
  std::string entries;
  for (int i = 0; i < 5; ++i) entries += without_address(host(i));
  scratch.write("a.yaml", entries);
  RunningReconciler it(config);
  const auto count = [&](const std::string& start) {
    int n = 0;
    for (int i = 0; i < 5; ++i) n += it.ask(host(i)).starts_with(start);
    return n;
  };
  REQUIRE(it.until([&] { return count("NOERROR") == 4; }));
  CHECK(count("NODATA") == 1);
  CHECK(it.reconciler().vips().allocator().starved().size() == 1);
  CHECK(it.reconciler().notes().size() == 1);
}

TEST_CASE("of two equal pins the older entry's counts") {
  const Scratch scratch;
  const auto pinned = [](const char* created) {
    return std::string("annotations: {meridian.internal/vip: 245.9.9.9}, creationTimestamp: \"") + created + "\"";
  };
  scratch.write("a.yaml", without_address("a.bar.global", pinned("2026-02-01T00:00:00Z")) +
                              without_address("b.bar.global", pinned("2026-01-01T00:00:00Z")));
  RunningReconciler it(scratch.config());
  REQUIRE(it.answers("b.bar.global", "NOERROR 245.9.9.9"));
  REQUIRE(it.until([&] { return it.ask("a.bar.global").starts_with("NOERROR"); }));
  CHECK(it.ask("a.bar.global") != "NOERROR 245.9.9.9");
}

TEST_CASE("a VIP that exists is answered while one of the other family is written") {
  const Scratch scratch;
  scratch.write("a.yaml", without_address("a.bar.global"));
  auto config = scratch.config();
  RunningReconciler it(config);
  REQUIRE(it.until([&] { return it.ask("a.bar.global").starts_with("NOERROR 245."); }));
  const auto vip = it.ask("a.bar.global");

  config.vip.pools.push_back({boost::asio::ip::make_address("fd00:77::"), 64});
  it.reconciler().reload(config);
  CHECK(it.ask("a.bar.global") == vip);
  CHECK(it.ask("a.bar.global", dns::Type::AAAA) == "SERVFAIL");
  CHECK(it.until([&] { return it.ask("a.bar.global", dns::Type::AAAA).starts_with("NOERROR fd00:77:"); }));
  CHECK(it.ask("a.bar.global") == vip);
}

TEST_CASE("an address outside the reverse zones points back by its exact name") {
  const Scratch scratch;
  scratch.write("a.yaml", without_address("pin.bar.global", "annotations: {meridian.internal/vip: 10.44.2.3}") +
                              literal("httpbin.bar.global", "10.44.2.4"));
  auto config = scratch.config();
  SUBCASE("if it is a VIP") {
    RunningReconciler it(config);
    REQUIRE(it.answers("pin.bar.global", "NOERROR 10.44.2.3"));
    CHECK(it.ask("3.2.44.10.in-addr.arpa", dns::Type::PTR) == "NOERROR pin.bar.global");
    CHECK(it.ask("4.2.44.10.in-addr.arpa", dns::Type::PTR) == "REFUSED");  // not ours to tell
    CHECK(it.ask("9.2.44.10.in-addr.arpa", dns::Type::PTR) == "REFUSED");

    scratch.write("a.yaml", literal("pin.bar.global", "10.44.2.3"));
    REQUIRE(it.answers("httpbin.bar.global", "NXDOMAIN"));
    CHECK(it.ask("3.2.44.10.in-addr.arpa", dns::Type::PTR) == "REFUSED");
  }
  SUBCASE("but not with `reverse: []`") {
    config.reverse_pools = false;
    config.serve_hosts = config::Config::ServeHosts::Any;
    RunningReconciler it(config);
    REQUIRE(it.answers("pin.bar.global", "NOERROR 10.44.2.3"));
    CHECK(it.ask("3.2.44.10.in-addr.arpa", dns::Type::PTR) == "REFUSED");
  }
}

TEST_CASE("a changed configuration is taken over in one step") {
  const Scratch scratch;
  scratch.write("a.yaml", literal("httpbin.bar.global", "240.0.0.2") + literal("web.bar.mesh", "240.0.0.3"));
  auto config = scratch.config();
  RunningReconciler it(config);
  REQUIRE(it.answers("httpbin.bar.global", "NOERROR 240.0.0.2"));
  CHECK(it.ask("web.bar.mesh") == "REFUSED");
  config.zones.push_back({});
  config.zones.back().name = "mesh";
  const auto before = it.publications();
  it.reconciler().reload(config);
  REQUIRE(it.until([&] { return it.publications() > before; }));
  CHECK(it.ask("web.bar.mesh") == "NOERROR 240.0.0.3");
  CHECK(it.ask("httpbin.bar.global") == "NOERROR 240.0.0.2");
}

TEST_CASE("an entry's host and the service name of another entry's host are one name") {
  const Scratch scratch;
  const std::string service = "_http._tcp.a.bar.global";
  scratch.write("a.yaml", literal("a.bar.global", "240.0.0.2"));
  scratch.write("b.yaml", entry("b", "hosts: [" + service + "], addresses: [240.0.0.3], resolution: STATIC"));
  RunningReconciler it(scratch.config());
  REQUIRE(it.answers("a.bar.global", "NOERROR 240.0.0.2"));
  REQUIRE(it.answers(service, "NOERROR 240.0.0.3"));  // the host is answered, whatever came first

  SUBCASE("the host stays when the other entry goes") {
    scratch.remove("a.yaml");
    REQUIRE(it.answers("a.bar.global", "NODATA"));
    CHECK(it.ask(service) == "NOERROR 240.0.0.3");
  }
  SUBCASE("the service comes back when the host goes") {
    scratch.remove("b.yaml");
    REQUIRE(it.until([&] { return it.ask(service, dns::Type::SRV) == "NOERROR 0 100 80 a.bar.global"; }));
    CHECK(it.ask(service) == "NODATA");
  }
}

TEST_CASE("a host that two namespaces claim is the older entry's, and it is said") {
  const Scratch scratch;
  const auto claim = [](const char* space, const char* address) {
    return std::string("---\napiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: x, namespace: ") +
           space + "}\nspec: {hosts: [x.bar.global], addresses: [" + address + "], resolution: STATIC}\n";
  };
  scratch.write("a.yaml", claim("beta", "240.0.0.3") + claim("alpha", "240.0.0.2"));
  RunningReconciler it(scratch.config());
  REQUIRE(it.answers("x.bar.global", "NOERROR 240.0.0.2"));
  CHECK(it.reconciler().model().conflicts() == 1);
  CHECK(it.reconciler().notes().at("x.bar.global") == "claimed by beta/x too, but the entry alpha/x is older");
}
