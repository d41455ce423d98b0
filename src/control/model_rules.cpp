#include "control/model_rules.hpp"

#include <tuple>

#include <meridian/mesh/host_name.hpp>

namespace meridian::control {
namespace {

std::vector<vip::Network> networks(const std::vector<config::Cidr>& cidrs) {
  std::vector<vip::Network> all;
  for (const auto& cidr : cidrs) all.emplace_back(cidr.address, cidr.prefix);
  return all;
}

}  // namespace

mesh::Rules model_rules(const config::Config& config) {
  mesh::Rules rules;
  for (const auto& zone : config.zones) rules.zones.push_back(zone.name);
  rules.any_hosts = config.serve_hosts == config::Config::ServeHosts::Any;
  rules.export_to =
      config.export_to == config::Config::ExportTo::PublicOnly ? mesh::ExportTo::PublicOnly : mesh::ExportTo::Ignore;
  rules.compat =
      config.compat == config::Config::Compat::IstioCoreDns ? mesh::Compat::IstioCoreDns : mesh::Compat::None;
  rules.wildcard_vips = config.vip.wildcard_hosts;
  return rules;
}

vip::Pool vip_pool(const config::Config& config) {
  return {networks(config.vip.pools), networks(config.vip.exclude)};
}

vip::Times vip_times(const config::Config& config) {
  // Ages are counted in whole seconds, and one may have begun before a VIP came free.
  constexpr std::chrono::seconds kBegun{1};
  return {config.vip.quarantine + kBegun, config.vip.tombstone + kBegun};
}

std::string owned_zone(const config::Config& config, std::string_view host) {
  std::string_view deepest;
  for (const auto& zone : config.zones) {
    if (zone.name.size() > deepest.size() && mesh::is_within(host, zone.name)) deepest = zone.name;
  }
  return std::string(deepest);
}

bool older(const mesh::Model& model, const mesh::Host& a, const mesh::Host& b) {
  const auto age = [&model](const mesh::Host& host) {
    const auto* entry = host.entries.empty() ? nullptr : model.entry(host.entries.front());
    const auto created = entry && entry->created ? entry->created->time_since_epoch().count()
                                                 : std::chrono::system_clock::duration::min().count();
    return std::tuple(created, entry ? entry->key : mesh::EntryKey{}, host.name);
  };
  return age(a) < age(b);
}

}  // namespace meridian::control
