// Which names are ours, and how they are answered.

#include <map>

#include "sections.hpp"

namespace meridian::config {
namespace {

Zone read_zone(const Value& value) {
  Zone zone;
  Section keys(value);
  if (const auto name = keys.take("name")) {
    if (const auto parsed = name->as(domain())) {
      zone.name = *parsed;
      name->accept();
    }
  } else if (keys.readable()) {
    value.error("has no name; expected name: and a domain name such as global");
  }
  keys.read("ttl", zone.ttl, whole_seconds(seconds(0), kLongestTtl));
  keys.read("negative-ttl", zone.negative_ttl, whole_seconds(seconds(0), kLongestTtl));
  keys.read("unknown", zone.unknown,
            one_of<Zone::Unknown>({{"nxdomain", Zone::Unknown::NXDomain}, {"forward", Zone::Unknown::Forward}}));
  keys.read("wildcards", zone.wildcards,
            one_of<Zone::Wildcards>({{"istio", Zone::Wildcards::Istio}, {"rfc4592", Zone::Wildcards::Rfc4592}}));
  keys.read("order", zone.order,
            one_of<Zone::Order>(
                {{"rotate", Zone::Order::Rotate}, {"random", Zone::Order::Random}, {"fixed", Zone::Order::Fixed}}));
  keys.finish();
  return zone;
}

// An element of `reverse`.
struct ReverseZone {
  bool pools = false;
  Cidr cidr;
};
Form<ReverseZone> reverse_zone() {
  return {"pools, or a CIDR such as 10.1.0.0/16", [parse = cidr().parse](std::string_view text) {
            if (text == "pools") return std::optional(ReverseZone{true, {}});
            const auto parsed = parse(text);
            return parsed ? std::optional(ReverseZone{false, *parsed}) : std::nullopt;
          }};
}

void read_reverse(Section& top, Config& config) {
  std::vector<ReverseZone> zones;
  top.read_list("reverse", zones, reverse_zone());
  if (!top.whole().report().written("reverse")) return;
  config.reverse_pools = false;
  for (const auto& zone : zones) {
    if (zone.pools) {
      config.reverse_pools = true;
    } else {
      config.reverse.push_back(zone.cidr);
    }
  }
}

}  // namespace

void read_zones(Section& top, Config& config) {
  if (const auto zones = top.take("zones")) {
    if (const auto elements = zones->elements()) {
      config.zones.clear();
      zones->accept();
      for (const auto& element : *elements) config.zones.push_back(read_zone(element));
    }
  }
  using C = Config;
  top.read("serve-hosts", config.serve_hosts,
           one_of<C::ServeHosts>({{"owned", C::ServeHosts::Owned}, {"any", C::ServeHosts::Any}}));
  top.read("export-to", config.export_to,
           one_of<C::ExportTo>({{"ignore", C::ExportTo::Ignore}, {"public-only", C::ExportTo::PublicOnly}}));
  top.read("compat", config.compat,
           one_of<C::Compat>({{"none", C::Compat::None}, {"istiocoredns", C::Compat::IstioCoreDns}}));
  read_reverse(top, config);
}

void check_zones(const Config& config, Report& report) {
  if (config.zones.empty() && config.serve_hosts == Config::ServeHosts::Owned && report.sound("zones")) {
    report.error("zones", report.blame({"zones"}),
                 "zones: is empty and serve-hosts is owned, so there is nothing to answer; name a zone or set "
                 "serve-hosts: any");
  }
  std::map<std::string_view, std::size_t> first;
  for (std::size_t i = 0; i < config.zones.size(); ++i) {
    const auto& name = config.zones[i].name;
    if (name.empty()) continue;  // reported when it was read
    const auto [other, is_new] = first.emplace(name, i);
    if (is_new) continue;
    const std::string path = "zones[" + std::to_string(i) + "].name";
    report.error(
        path, report.blame({path}),
        path + ": " + name + " is zones[" + std::to_string(other->second) + "] already; expected each zone once");
  }
}

}  // namespace meridian::config
