#include <meridian/mesh/linked_hosts.hpp>

#include <algorithm>

namespace meridian::mesh {

LinkedHosts::LinkedHosts(std::string_view start, const Model& model, const VipFacts& facts)
    : model_(model), facts_(facts), memo_(facts.memo ? *facts.memo : own_) {
  std::set<std::string> seen, hosts;
  std::set<const ServiceEntry*, Older> links;
  for (std::vector<std::string> unvisited{std::string(start)}; !unvisited.empty();) {
    const std::string host = std::move(unvisited.back());
    unvisited.pop_back();
    if (!seen.insert(host).second) continue;
    const Claims* claims = model_.claims(host);
    if (!claims) continue;
    if (needs_vip(host)) hosts.insert(host);
    for (const ServiceEntry* entry : *claims) {
      if (links.contains(entry) || refused_.contains(entry)) continue;
      if (const auto& why = why_no_link(*entry)) {
        refused_.emplace(entry, Refusal{entry->key, *why});
        continue;
      }
      links.insert(entry);
      unvisited.insert(unvisited.end(), entry->hosts.begin(), entry->hosts.end());
    }
    const auto key = remembered(host);
    if (!key || !is_gone(*key)) continue;
    for (const std::string& sharer : facts_.shared.sharers_of(*key)) unvisited.push_back(sharer);
  }
  hosts_.assign(hosts.begin(), hosts.end());
  for (const ServiceEntry* entry : links) {
    Link link{entry, {}};
    for (const std::string& host : entry->hosts) {
      const auto at = std::lower_bound(hosts_.begin(), hosts_.end(), host);
      link.hosts.push_back(static_cast<std::size_t>(at - hosts_.begin()));
    }
    links_.push_back(std::move(link));
  }
}

bool LinkedHosts::needs_vip(const std::string& host) {
  const auto [at, first] = memo_.needs_vip.try_emplace(host, false);
  if (first) {
    const auto made = model_.host(host);
    at->second = made && made->served && made->source == AddressSource::Vip;
  }
  return at->second;
}

std::optional<std::string> LinkedHosts::remembered(const std::string& host) const {
  for (const std::string& key : facts_.shared.keys_of(host)) {
    if (facts_.has_vip(key)) return key;
  }
  return std::nullopt;
}

const std::optional<std::string>& LinkedHosts::why_no_link(const ServiceEntry& entry) {
  const auto [at, first] = memo_.why_no_link.try_emplace(&entry);
  if (first) at->second = find_why_no_link(entry);
  return at->second;
}

std::optional<std::string> LinkedHosts::find_why_no_link(const ServiceEntry& entry) {
  const auto source = model_.source_of(entry.key);
  if (!source || !facts_.is_written(*source)) return "comes from a source that is not written to";
  if (auto why = why_not_written(entry)) return why;
  for (const std::string& name : entry.hosts) {
    if (!needs_vip(name)) return "names " + name + ", which needs no VIP of ours: " + model_.host(name)->why;
  }
  return std::nullopt;
}

std::optional<std::string> why_not_written(const ServiceEntry& entry) {
  if (entry.has_spec_addresses) return "has addresses of its own";
  if (entry.opts_out()) return "opts out";
  if (entry.resolution == Resolution::None || entry.resolution == Resolution::DynamicDns) {
    return "has resolution " + std::string(to_text(entry.resolution)) + ", which takes no VIP in spec.addresses";
  }
  const auto& status = entry.status_addresses;
  if (std::any_of(status.begin(), status.end(), [&](const auto& s) { return usable_status(entry, s); })) {
    return "has VIPs of istiod in status.addresses";
  }
  return std::nullopt;
}

std::set<std::string> neighbours(const std::set<std::string>& hosts, const Model& model, const SharedVips& shared) {
  std::set<std::string> out = hosts;
  std::set<const ServiceEntry*> seen;
  for (const std::string& host : hosts) {
    out.merge(shared.sharers_of(host));
    const Claims* claims = model.claims(host);
    if (!claims) continue;
    for (const ServiceEntry* entry : *claims) {
      if (seen.insert(entry).second) out.insert(entry->hosts.begin(), entry->hosts.end());
    }
  }
  return out;
}

}  // namespace meridian::mesh
