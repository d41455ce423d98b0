// `vip.write-back: spec`: who shares a VIP, in the answers and in the entries of a cluster, whatever comes and goes.

#include <doctest/doctest.h>

#include <boost/json/array.hpp>

#include "cluster_scratch.hpp"

using namespace meridian;
using namespace meridian::control::test;

TEST_CASE("hosts of one entry share one VIP, in the answers and in spec.addresses") {
  const ClusterScratch scratch;
  const auto web = scratch.put("web", {"web.shop.global", "www.shop.global"});
  const auto other = scratch.put("other", {"other.shop.global"});
  Serving it(scratch);
  const auto vip = it.vip("web.shop.global");
  REQUIRE(it.is("www.shop.global", vip));
  REQUIRE(it.writes(web, vip));
  REQUIRE(it.writes(other, it.vip("other.shop.global")));
  CHECK(it.vip("other.shop.global") != vip);
  CHECK(it.reconciler().vips().allocator().active_hosts() ==
        std::vector<std::string>{"other.shop.global", "web.shop.global"});

  SUBCASE("and so do two entries of one host") {
    const auto shop = scratch.put("shop", {"www.shop.global", "shop.global"});
    REQUIRE(it.is("shop.global", vip));
    REQUIRE(it.writes(shop, vip));
    CHECK(it.is("web.shop.global", vip));
  }
  SUBCASE("whose key leaves them") {
    scratch.set_hosts(web, {"www.shop.global", "new.shop.global"});
    REQUIRE(it.answers("web.shop.global", "NXDOMAIN"));
    REQUIRE(it.is("new.shop.global", vip));
    CHECK(it.is("www.shop.global", vip));
    REQUIRE(it.rests());
    CHECK(scratch.list_of(web) == "[\"" + vip + "\"]");
    scratch.put("back", {"web.shop.global"});
    CHECK(it.vip("web.shop.global") != vip);
  }
  SUBCASE("whose key has a literal address in a second entry") {
    const auto literal = scratch.put("literal", {"web.shop.global"}, {{"addresses", boost::json::array{"10.1.2.3"}}});
    REQUIRE(it.is("web.shop.global", "10.1.2.3"));
    CHECK(it.is("www.shop.global", vip));
    REQUIRE(it.takes_back(web));  // it would give the literal's host the VIP
    CHECK(scratch.list_of(literal) == R"(["10.1.2.3"])");
    meridian::test::remove_entry(scratch.cluster, literal);
    REQUIRE(it.is("web.shop.global", vip));
    REQUIRE(it.writes(web, vip));
  }
  SUBCASE("until it opts out") {
    scratch.label(web, "networking.istio.io/enable-autoallocate-ip", "false");
    REQUIRE(it.answers("web.shop.global", "NODATA"));
    REQUIRE(it.takes_back(web));
    CHECK(it.ask("www.shop.global") == "NODATA");
    CHECK(it.is("other.shop.global", it.vip("other.shop.global")));
  }
  SUBCASE("and an entry that would join two VIPs is not written, and joins none") {
    const auto both = scratch.put("both", {"www.shop.global", "other.shop.global"});
    REQUIRE(it.until([&] { return !scratch.events(both, "VipNotWritten").empty(); }));
    CHECK(scratch.events(both, "VipNotWritten").front().find("have several") != std::string::npos);
    CHECK(scratch.list_of(both) == "none");
    CHECK(it.is("www.shop.global", vip));
    CHECK(it.vip("other.shop.global") != vip);
  }
}

TEST_CASE("who shared a VIP shares it after a restart") {
  const ClusterScratch scratch;
  const auto web = scratch.put("web", {"a.shop.global", "b.shop.global", "c.shop.global"});
  std::string vip;
  {
    Serving it(scratch);
    vip = it.vip("a.shop.global");
    REQUIRE(it.writes(web, vip));
  }
  SUBCASE("with nothing changed, and nothing is written again") {
    scratch.cluster.command("clear_log");
    Serving it(scratch);
    REQUIRE(it.is("c.shop.global", vip));
    const auto marker = scratch.put("marker", {"marker.shop.global"});
    REQUIRE(it.writes(marker, it.vip("marker.shop.global")));
    CHECK(meridian::test::requests(scratch.cluster, "PATCH", "/serviceentries/web") == 0);
  }
  SUBCASE("whose key left meanwhile") {
    scratch.set_hosts(web, {"b.shop.global", "c.shop.global"});
    Serving it(scratch);
    REQUIRE(it.is("b.shop.global", vip));
    REQUIRE(it.is("c.shop.global", vip));
    REQUIRE(it.until([&] { return it.reconciler().vips().allocator().has_vip("b.shop.global"); }));
    CHECK_FALSE(it.reconciler().vips().allocator().has_vip("a.shop.global"));
    REQUIRE(it.rests());
    CHECK(scratch.list_of(web) == "[\"" + vip + "\"]");
  }
  SUBCASE("whose entry is split, and the list stays with the key's") {
    scratch.set_hosts(web, {"b.shop.global"});
    const auto rest = scratch.put("rest", {"a.shop.global", "c.shop.global"});
    Serving it(scratch);
    REQUIRE(it.is("a.shop.global", vip));
    REQUIRE(it.writes(rest, vip));
    REQUIRE(it.until([&] { return it.vip("b.shop.global") != vip; }));
    CHECK(it.writes(web, it.vip("b.shop.global")));
  }
  SUBCASE("before the ledger can be asked: the mirror knows, and nothing is written") {
    scratch.cluster.command("stop");
    Serving it(scratch);
    CHECK(it.is("b.shop.global", vip));
    CHECK(it.is("c.shop.global", vip));
    CHECK_FALSE(it.reconciler().vips().allocates());
    scratch.cluster.command("start");
    REQUIRE(it.rests());
    CHECK(it.is("c.shop.global", vip));
    CHECK(scratch.list_of(web) == "[\"" + vip + "\"]");
  }
  SUBCASE("and the entry went: its VIP is released") {
    meridian::test::remove_entry(scratch.cluster, web);
    Serving it(scratch);
    REQUIRE(it.answers("a.shop.global", "NXDOMAIN"));
    REQUIRE(it.until([&] { return it.reconciler().vips().allocates(); }));
    CHECK(it.until([&] { return it.reconciler().vips().allocator().active_hosts().empty(); }));
  }
}

TEST_CASE("a replica that follows answers what the writer does while a VIP passes on") {
  const ClusterScratch scratch;
  const auto web = scratch.put("web", {"a.shop.global", "b.shop.global", "c.shop.global"});
  Serving writer(scratch);
  const auto vip = writer.vip("a.shop.global");
  auto config = scratch.config();
  config.state = scratch.path() / "other";
  std::filesystem::create_directories(config.state);
  Serving follower(scratch, config);
  REQUIRE(follower.until([&] { return follower.ask("c.shop.global") == "NOERROR " + vip; }, {&writer}));
  std::string other;
  const auto watch = [&](Serving& who) {
    who.on_publish = [&] {
      for (const char* host : {"b.shop.global", "c.shop.global"}) {
        if (who.ask(host) != "NOERROR " + vip) other += std::string(host) + ": " + who.ask(host) + "; ";
      }
    };
  };
  watch(writer);
  watch(follower);

  scratch.set_hosts(web, {"b.shop.global", "c.shop.global"});
  REQUIRE(follower.answers("a.shop.global", "NXDOMAIN"));  // before the writer has turned
  CHECK(follower.ask("b.shop.global") == "NOERROR " + vip);
  const auto passed = [](Serving& who) { return who.reconciler().vips().allocator().has_vip("b.shop.global"); };
  REQUIRE(follower.until([&] { return passed(writer) && passed(follower); }, {&writer}));
  CHECK_FALSE(follower.reconciler().vips().allocator().has_vip("a.shop.global"));

  REQUIRE(follower.until([&] { return writer.ask("a.shop.global") == "NXDOMAIN"; }, {&writer}));
  CHECK(other == "");
  CHECK(follower.reconciler().writer()->write_back().counts().written == 0);
}

TEST_CASE("an entry that the rules pass over from now on gives our address back") {
  const ClusterScratch scratch;
  const auto web = scratch.put("web", {"web.shop.global"});
  auto config = scratch.config();
  config.export_to = config::Config::ExportTo::PublicOnly;
  SUBCASE("because it is another") {
    Serving it(scratch, config);
    REQUIRE(it.writes(web, it.vip("web.shop.global")));
    meridian::test::patch_entry(scratch.cluster, web, "kubectl-edit", {{"exportTo", boost::json::array{"."}}});
    REQUIRE(it.answers("web.shop.global", "NXDOMAIN"));
    CHECK(it.takes_back(web));
  }
  SUBCASE("because they are others") {
    meridian::test::patch_entry(scratch.cluster, web, "kubectl-edit", {{"exportTo", boost::json::array{"."}}});
    Serving it(scratch);
    REQUIRE(it.writes(web, it.vip("web.shop.global")));
    it.reconciler().reload(config);
    REQUIRE(it.answers("web.shop.global", "NXDOMAIN"));
    CHECK(it.takes_back(web));
  }
  SUBCASE("because they are others after a restart") {
    meridian::test::patch_entry(scratch.cluster, web, "kubectl-edit", {{"exportTo", boost::json::array{"."}}});
    {
      Serving it(scratch);
      REQUIRE(it.writes(web, it.vip("web.shop.global")));
    }
    Serving it(scratch, config);
    CHECK(it.takes_back(web));
  }
}

TEST_CASE("an old list of ours is taken back by a new writer that has nothing else to do") {
  const ClusterScratch scratch;
  const auto web = scratch.put("web", {"web.shop.global"});
  {
    Serving it(scratch);
    REQUIRE(it.writes(web, it.vip("web.shop.global")));
  }
  scratch.label(web, "networking.istio.io/enable-autoallocate-ip", "false");
  Serving it(scratch);
  CHECK(it.takes_back(web));
}

TEST_CASE("a file of the same name that goes takes no wish of the cluster's entry along") {
  const ClusterScratch scratch;
  auto config = scratch.config();
  config.sources.push_back({"files", scratch.path() / "entries", {}});
  const std::string same =
      "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: web, namespace: shop}\n"
      "spec: {hosts: [web.shop.global], resolution: STATIC, addresses: [10.9.9.9]}\n";
  scratch.write("same.yaml", same);
  scratch.cluster.command("fault", {{"method", "PATCH"},
                                    {"path", "/serviceentries/web"},
                                    {"webhook", "policy.example"},
                                    {"message", "not now"},
                                    {"times", 1}});
  Serving it(scratch, config);
  REQUIRE(it.is("web.shop.global", "10.9.9.9"));
  const auto web = scratch.put("web", {"web.shop.global"});  // the first source's entry is in force
  REQUIRE(it.until([&] { return it.ask("web.shop.global").starts_with("NOERROR 245."); }));
  const auto vip = it.vip("web.shop.global");
  REQUIRE(it.until([&] { return it.reconciler().writer()->write_back().counts().denied == 1; }));
  scratch.remove("same.yaml");
  REQUIRE(it.until([&] { return it.reconciler().sources().status().back().entries == 0; }));
  CHECK(it.writes(web, vip));
}
