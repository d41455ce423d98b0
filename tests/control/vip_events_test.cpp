// What owners of entries are told, and what happens where the pools have nothing left.

#include <doctest/doctest.h>

#include <boost/json/array.hpp>

#include "cluster_scratch.hpp"

using namespace meridian;
using namespace meridian::control::test;

namespace {

config::Config one_vip(const ClusterScratch& scratch, const std::string& address = "10.77.0.1") {
  auto config = scratch.config();
  config.vip.pools = {{boost::asio::ip::make_address(address), 32}};
  return config;
}

// Admiral's ConfigMap in namespace default.
void admiral_has(const ClusterScratch& scratch, const std::string& addresses) {
  using boost::json::object;
  const object metadata{{"name", "se-address-configmap"}, {"namespace", "default"}};
  const object data{{"serviceEntryAddressStore", "addresses: [" + addresses + "]\n"}};
  const object map{{"apiVersion", "v1"}, {"kind", "ConfigMap"}, {"metadata", metadata}, {"data", data}};
  scratch.cluster.command("put", {{"obj", map}});
}

}  // namespace

TEST_CASE("where the pools are exhausted the owner hears of it, and the host waits") {
  const ClusterScratch scratch;
  const auto first = scratch.put("first", {"first.shop.global"});
  Serving it(scratch, one_vip(scratch));
  REQUIRE(it.is("first.shop.global", "10.77.0.1"));
  const auto second = scratch.put("second", {"second.shop.global", "more.shop.global"});
  REQUIRE(it.answers("second.shop.global", "NODATA"));
  REQUIRE(it.until([&] { return !scratch.events(second, "VipsExhausted").empty(); }));
  CHECK(scratch.events(second, "VipsExhausted").front().find("add a pool") != std::string::npos);
  CHECK(scratch.list_of(second) == "none");
  CHECK(it.reconciler().vips().allocator().starved().size() == 1);

  SUBCASE("until there is another pool") {
    auto config = one_vip(scratch);
    config.vip.pools.push_back({boost::asio::ip::make_address("10.77.0.2"), 32});
    it.reconciler().reload(config);
    REQUIRE(it.is("second.shop.global", "10.77.0.2"));
    CHECK(it.is("more.shop.global", "10.77.0.2"));
    CHECK(it.writes(second, "10.77.0.2"));
  }
  SUBCASE("and a list of ours whose address somebody else's literal took is taken back") {
    REQUIRE(it.writes(first, "10.77.0.1"));
    scratch.put("third", {"third.shop.global"}, {{"addresses", boost::json::array{"10.77.0.1"}}});
    REQUIRE(it.answers("first.shop.global", "NODATA"));
    CHECK(it.takes_back(first));
  }
}

TEST_CASE("the owner of an entry hears that another namespace has its host") {
  const ClusterScratch scratch;
  const auto older = scratch.put("older", {"web.shop.global"}, {{"addresses", boost::json::array{"10.1.2.3"}}});
  const auto loser = meridian::test::put_entry(
      scratch.cluster, "theft", "younger",
      {{"hosts", boost::json::array{"web.shop.global"}}, {"addresses", boost::json::array{"10.6.6.6"}}});
  Serving it(scratch);
  REQUIRE(it.is("web.shop.global", "10.1.2.3"));
  REQUIRE(it.until([&] { return !scratch.events(loser, "HostConflict").empty(); }));
  CHECK(scratch.events(loser, "HostConflict").front() ==
        "web.shop.global is answered from the older entry shop/older, not from this one");
  CHECK(scratch.events(older, "HostConflict").empty());
}

TEST_CASE("addresses that Admiral has given away are no VIPs of ours until it takes them back") {
  const ClusterScratch scratch;
  auto config = one_vip(scratch);
  config.vip.exclude_admiral = config::ConfigMapName{"default", "se-address-configmap"};
  SUBCASE("from the start") {
    admiral_has(scratch, "10.77.0.1");
    scratch.put("web", {"web.shop.global"});
    Serving it(scratch, config);
    REQUIRE(it.answers("web.shop.global", "NODATA"));
    admiral_has(scratch, "10.77.0.9");
    REQUIRE(it.is("web.shop.global", "10.77.0.1"));
  }
  SUBCASE("and a VIP that it gives away later is ours no more") {
    admiral_has(scratch, "10.77.0.9");
    const auto web = scratch.put("web", {"web.shop.global"});
    config.vip.pools.push_back({boost::asio::ip::make_address("10.77.0.2"), 32});
    Serving it(scratch, config);
    const auto vip = it.vip("web.shop.global");
    REQUIRE(it.writes(web, vip));
    admiral_has(scratch, vip);
    const std::string next = vip == "10.77.0.1" ? "10.77.0.2" : "10.77.0.1";
    REQUIRE(it.is("web.shop.global", next));
    CHECK(it.writes(web, next));
  }
}
