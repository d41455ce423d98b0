#include "cluster_scratch.hpp"

#include <doctest/doctest.h>

#include <boost/json/array.hpp>

namespace meridian::control::test {
namespace {

namespace json = boost::json;

json::array array_of(const std::vector<std::string>& texts) {
  json::array array;
  for (const auto& text : texts) array.emplace_back(text);
  return array;
}

int made = 0;

}  // namespace

ClusterScratch::ClusterScratch()
    : cluster(meridian::test::fresh_cluster()), ledger_("control-" + std::to_string(++made)) {}

config::Config ClusterScratch::config() const {
  auto config = Scratch::config();
  auto settings = cluster.settings();
  settings.lease = {std::chrono::seconds(3), std::chrono::seconds(2), std::chrono::seconds(1)};
  config.sources = {{"kubernetes", {}, settings}};
  config.vip.ledger = config::KubernetesLedger{"kubernetes", "default", ledger_};
  config.vip.write_back = config::Vip::WriteBack::Spec;
  return config;
}

kube::ObjectRef ClusterScratch::put(const std::string& name, const std::vector<std::string>& hosts,
                                    const json::object& spec) const {
  json::object whole{{"hosts", array_of(hosts)}};
  for (const auto& [key, value] : spec) whole[key] = value;
  return meridian::test::put_entry(cluster, "shop", name, whole);
}

void ClusterScratch::set_hosts(const kube::ObjectRef& entry, const std::vector<std::string>& hosts) const {
  meridian::test::patch_entry(cluster, entry, "kubectl-edit", {{"hosts", array_of(hosts)}});
}

void ClusterScratch::label(const kube::ObjectRef& entry, const std::string& label, const std::string& value) const {
  cluster.command("patch",
                  {{"kind", "serviceentries"},
                   {"name", entry.name},
                   {"namespace", entry.space},
                   {"manager", "kubectl-label"},
                   {"patch", json::object{{"metadata", json::object{{"labels", json::object{{label, value}}}}}}}});
}

std::vector<std::string> ClusterScratch::events(const kube::ObjectRef& entry, const std::string& reason) const {
  std::vector<std::string> messages;
  const auto all = cluster.command("objects", {{"kind", "events"}, {"namespace", entry.space}});
  for (const auto& event : all.as_array()) {
    if (event.at("reason").as_string() != reason) continue;
    if (event.at("involvedObject").at("uid").as_string() != entry.uid) continue;
    messages.emplace_back(event.at("message").as_string());
  }
  return messages;
}

std::string Serving::vip(const std::string& host) {
  REQUIRE(until([&] { return ask(host).starts_with("NOERROR "); }));
  return ask(host).substr(std::string_view("NOERROR ").size());
}

bool Serving::rests() {
  return until([&] { return reconciler().vips().allocates() && reconciler().writer()->write_back().pending() == 0; });
}

}  // namespace meridian::control::test
