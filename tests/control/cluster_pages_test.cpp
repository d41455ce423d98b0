// What /metrics, /status and /readyz tell of clusters.

#include <doctest/doctest.h>

#include <boost/json/serialize.hpp>

#include "cluster_scratch.hpp"
#include "pages.hpp"

using namespace meridian;
using namespace meridian::control::test;

namespace {

std::uint64_t number(const boost::json::value& value) {
  return value.to_number<std::uint64_t>();
}

}  // namespace

TEST_CASE("the pages tell of a cluster that all is well with") {
  const ClusterScratch scratch;
  const auto web = scratch.put("web", {"web.shop.global"});
  Serving it(scratch);
  REQUIRE(it.writes(web, it.vip("web.shop.global")));
  scratch.label(web, "networking.istio.io/enable-autoallocate-ip", "false");
  REQUIRE(it.takes_back(web));
  REQUIRE(it.rests());
  const Pages pages(scratch, it);

  CHECK(pages.metric("meridian_kubernetes_requests_total{source=\"kubernetes\",kind=\"list\"}") == "1");
  CHECK(pages.metric("meridian_kubernetes_requests_total{source=\"kubernetes\",kind=\"watch\"}") == "1");
  CHECK(pages.metric("meridian_kubernetes_requests_total{source=\"kubernetes\",kind=\"failed\"}") == "0");
  CHECK(std::stoi(pages.metric("meridian_kubernetes_events_total{source=\"kubernetes\"}")) >= 2);
  CHECK(pages.metric("meridian_kubernetes_expired_total{source=\"kubernetes\"}") == "0");
  CHECK(pages.metric("meridian_kubernetes_skipped_objects_total{source=\"kubernetes\"}") == "0");
  CHECK(pages.metric("meridian_ledger_writer") == "1");
  CHECK(pages.metric("meridian_ledger_conflicts_total") == "0");
  CHECK(pages.metric("meridian_write_back_total{result=\"written\"}") == "1");
  CHECK(pages.metric("meridian_write_back_total{result=\"taken-back\"}") == "1");
  for (const char* result :
       {"conflict", "forbidden", "denied", "invalid", "gone", "throttled", "failed", "unreachable"}) {
    CAPTURE(result);
    CHECK(pages.metric("meridian_write_back_total{result=\"" + std::string(result) + "\"}") == "0");
  }
  CHECK(pages.metric("meridian_write_back_pending") == "0");
  CHECK(pages.metric("meridian_kubernetes_event_objects_total{result=\"sent\"}") == "0");
  CHECK(pages.metric("meridian_kubernetes_event_objects_total{result=\"dropped\"}") == "0");
  CHECK(pages.metric("meridian_admiral_addresses") == "absent");

  const auto status = pages.status();
  CAPTURE(boost::json::serialize(status));
  const auto& source = status.at("sources").at(0);
  CHECK(source.at("name") == "kubernetes");
  CHECK(source.at("kind").as_string().find("kubernetes https://") == 0);
  CHECK(source.at("watching").at("version") == "v1");
  CHECK(number(source.at("watching").at("lists")) == 1);
  CHECK(number(source.at("watching").at("failures")) == 0);
  const auto& ledger = status.at("vips").at("ledger");
  CHECK(ledger.at("kind").as_string().find("configmaps default/control-") == 0);
  CHECK(ledger.at("loaded") == true);
  CHECK(ledger.at("writes") == true);
  CHECK_FALSE(ledger.at("writer").as_string().empty());
  CHECK(number(ledger.at("conflicts")) == 0);
  CHECK(ledger.at("trouble") == "");
  CHECK(number(status.at("write_back").at("written")) == 1);
  CHECK(number(status.at("write_back").at("taken_back")) == 1);
  CHECK(number(status.at("write_back").at("refused")) == 0);
  CHECK(status.at("admiral").is_null());
  CHECK(status.at("ready") == true);
  CHECK(status.at("reasons").as_array().empty());
}

TEST_CASE("the pages tell what is wrong with a cluster, and a server that answers stays ready") {
  const ClusterScratch scratch;
  auto config = scratch.config();
  config.vip.exclude_admiral = config::ConfigMapName{"default", "se-address-configmap"};
  const auto web = scratch.put("web", {"web.shop.global"});
  Serving it(scratch, config);
  REQUIRE(it.writes(web, it.vip("web.shop.global")));
  REQUIRE(it.until([&] { return it.reconciler().admiral()->listed(); }));
  const Pages pages(scratch, it);
  CHECK(pages.metric("meridian_admiral_addresses") == "0");
  CHECK(pages.status().at("admiral").at("listed") == true);

  scratch.cluster.command("stop");
  const auto reasons = [&] { return boost::json::serialize(control::readiness_json(pages.view()).at("reasons")); };
  const auto told = [&](const char* text) {
    const bool found = it.until([&] { return reasons().find(text) != std::string::npos; });
    CHECK_MESSAGE(found, text << " in " << reasons());
  };
  told("source kubernetes: ");
  told("ledger: ");
  told("Admiral's addresses: ");
  CHECK(control::readiness_json(pages.view()).at("ready") == true);
  REQUIRE(it.until([&] { return pages.metric("meridian_ledger_writer") == "0"; }));
  CHECK(pages.metric("meridian_ledger_up") == "0");
  CHECK(pages.metric("meridian_source_up{source=\"kubernetes\"}") == "0");
  CHECK(pages.metric("meridian_kubernetes_requests_total{source=\"kubernetes\",kind=\"failed\"}") != "0");
  CHECK(pages.status().at("vips").at("ledger").at("writes") == false);
  CHECK_FALSE(pages.status().at("admiral").at("trouble").as_string().empty());
  CHECK(it.ask("web.shop.global").starts_with("NOERROR 245."));

  scratch.cluster.command("start");
  REQUIRE(it.until([&] { return reasons() == "[]"; }));
  CHECK(it.until([&] { return pages.metric("meridian_ledger_writer") == "1"; }));
}

TEST_CASE("without a cluster the pages say so") {
  const ClusterScratch scratch;
  auto config = scratch.config();
  config.sources = {{"files", scratch.path() / "entries", {}}};
  config.vip.ledger.reset();
  config.vip.write_back = config::Vip::WriteBack::None;
  Serving it(scratch, config);
  REQUIRE(it.answers("web.shop.global", "NXDOMAIN"));
  const Pages pages(scratch, it);
  CHECK(pages.metric("meridian_ledger_writer") == "1");
  CHECK(pages.metric("meridian_write_back_pending") == "absent");
  CHECK(pages.metric("meridian_kubernetes_requests_total{source=\"files\",kind=\"list\"}") == "absent");
  CHECK(pages.status().at("write_back").is_null());
  CHECK(pages.status().at("sources").at(0).at("watching").is_null());
  CHECK(pages.status().at("vips").at("ledger").at("writer") == "");
}
