#include <meridian/mesh/vip_groups.hpp>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

namespace meridian::mesh {
namespace {

using Index = std::size_t;
using Name = std::string;

bool needs_vip(const std::optional<Host>& host) {
  return host && host->served && host->source == AddressSource::Vip;
}

// Sets that are joined and never parted, by index.
class Sets {
 public:
  explicit Sets(std::size_t size) : parents_(size) { std::iota(parents_.begin(), parents_.end(), Index{0}); }
  Index find(Index i) {
    while (parents_[i] != i) i = parents_[i] = parents_[parents_[i]];
    return i;
  }
  void join(Index a, Index b) { parents_[find(b)] = find(a); }

 private:
  std::vector<Index> parents_;
};

// An entry that is to be written if its hosts have no more than one VIP.
struct Link {
  const ServiceEntry* entry;
  std::vector<Index> hosts;
  bool refused = false;
};

// That a host is answered with the VIP of `key`, as far as the ledger, our memory and the lists in the entries say.
struct Share {
  Index host;
  Name key;
  bool holds = false;  // it can go on
};

// What group() finds out on its way, step by step.
class Component {
 public:
  Component(std::string_view start, const Model& model, const VipFacts& facts) : model_(model), facts_(facts) {
    collect(Name(start));
    find_shares();
    check_shares();
    Sets groups = join();
    describe(groups);
  }
  VipGroups take() { return std::move(result_); }

 private:
  void collect(const Name& start);
  std::optional<std::string> why_not_linked(const ServiceEntry& entry);
  void find_shares();
  void check_shares();
  Sets join();
  void describe(Sets& groups);
  void choose_key(VipGroup& group, const Name* shared);
  std::string conflict(const Link& link, Sets& groups, const std::map<Index, Name>& vips) const;
  std::optional<Address> pin_of(const VipGroup& group) const;

  bool needs(const Name& host) { return needs_.try_emplace(host, needs_vip(model_.host(host))).first->second; }
  bool is_gone(const Name& host) { return facts_.settled && !needs(host); }
  std::optional<Index> index_of(std::string_view host) const {
    const auto at = std::lower_bound(hosts_.begin(), hosts_.end(), host);
    return at == hosts_.end() || *at != host ? std::nullopt : std::optional<Index>(at - hosts_.begin());
  }
  // Whose VIP the host shares, as our memory has it.
  std::optional<Name> remembered(const Name& host) const {
    for (Name& key : facts_.shared.keys_of(host)) {
      if (facts_.has_vip(key)) return std::move(key);
    }
    return std::nullopt;
  }
  // Whose VIP its list holds.
  std::optional<Name> holder_of(const Link& link) const {
    return link.entry->written_vip ? facts_.holder_of(*link.entry->written_vip) : std::nullopt;
  }
  // The key whose VIP the host goes on sharing; null: it has none to share.
  const Name* shared_by(Index host) const {
    for (const Index i : shares_of_[host]) {
      if (shares_[i].holds) return &shares_[i].key;
    }
    return nullptr;
  }

  const Model& model_;
  const VipFacts& facts_;
  std::map<Name, bool> needs_;
  std::vector<Name> hosts_;  // that need a VIP, sorted
  std::vector<Link> links_;  // oldest first
  std::vector<Share> shares_;
  std::vector<std::vector<Index>> shares_of_;  // by host: the one to be believed first
  std::set<Name> inherited_;                   // gone keys whose VIP is given on
  std::map<const ServiceEntry*, Refusal, Older> refused_;
  VipGroups result_;
};

// All hosts that entries, or the VIP of a gone key, connect with `start`.
void Component::collect(const Name& start) {
  std::set<Name> seen, hosts;
  std::set<const ServiceEntry*, Older> links;
  for (std::vector<Name> todo{start}; !todo.empty();) {
    const Name host = std::move(todo.back());
    todo.pop_back();
    if (!seen.insert(host).second) continue;
    const Claims* claims = model_.claims(host);
    if (!claims) continue;
    if (needs(host)) hosts.insert(host);
    for (const ServiceEntry* entry : *claims) {
      if (links.contains(entry) || refused_.contains(entry)) continue;
      if (auto why = why_not_linked(*entry)) {
        refused_.emplace(entry, Refusal{entry->key, std::move(*why)});
        continue;
      }
      links.insert(entry);
      todo.insert(todo.end(), entry->hosts.begin(), entry->hosts.end());
    }
    const auto key = remembered(host);
    if (!key || !is_gone(*key)) continue;
    for (const Name& sharer : facts_.shared.sharers_of(*key)) todo.push_back(sharer);
  }
  hosts_.assign(hosts.begin(), hosts.end());
  for (const ServiceEntry* entry : links) {
    Link link{entry, {}};
    for (const Name& host : entry->hosts) link.hosts.push_back(*index_of(host));
    links_.push_back(std::move(link));
  }
}

std::optional<std::string> Component::why_not_linked(const ServiceEntry& entry) {
  const auto source = model_.source_of(entry.key);
  if (!source || !facts_.is_written(*source)) return "comes from a source that is not written to";
  if (auto why = why_not_written(entry)) return why;
  for (const Name& name : entry.hosts) {
    if (!needs(name)) return "names " + name + ", which needs no VIP of ours: " + model_.host(name)->why;
  }
  return std::nullopt;
}

// The ledger knows best, then our memory. Until we have one, the lists in the entries tell; later they don't: one may
// be old, or its entry's hosts may be others by now, who never had the VIP.
void Component::find_shares() {
  shares_of_.resize(hosts_.size());
  const auto add = [&](Index host, const Name& key) {
    auto& mine = shares_of_[host];
    if (std::any_of(mine.begin(), mine.end(), [&](Index i) { return shares_[i].key == key; })) return;
    mine.push_back(shares_.size());
    shares_.push_back({host, key});
  };
  for (Index i = 0; i < hosts_.size(); ++i) {
    if (facts_.has_vip(hosts_[i])) {
      add(i, hosts_[i]);
    } else if (const auto key = remembered(hosts_[i])) {
      add(i, *key);
    }
  }
  if (facts_.settled) return;
  std::vector<bool> known(hosts_.size());
  for (const Share& share : shares_) known[share.host] = true;
  for (const Link& link : links_) {
    const auto holder = holder_of(link);
    if (!holder) continue;
    for (const Index host : link.hosts) {
      if (!known[host]) add(host, *holder);
    }
  }
}

// A share holds while entries connect its host with the key by way of others who share; a gone key has one heir.
void Component::check_shares() {
  Sets sets(shares_.size());
  for (const Link& link : links_) {
    std::map<std::string_view, Index> first;
    for (const Index host : link.hosts) {
      for (const Index i : shares_of_[host]) sets.join(first.try_emplace(shares_[i].key, i).first->second, i);
    }
  }
  std::map<std::string_view, Index> kept;  // by key
  const auto keep = [&](Index i) { kept.try_emplace(shares_[i].key, sets.find(i)); };
  for (Index i = 0; i < shares_.size(); ++i) {
    if (hosts_[shares_[i].host] == shares_[i].key) keep(i);
  }
  const auto has_heir = [&](Index i) { return is_gone(shares_[i].key); };  // the oldest entry's; then by name
  for (const Link& link : links_) {
    for (const Index host : link.hosts) {
      for (const Index i : shares_of_[host]) {
        if (has_heir(i)) keep(i);
      }
    }
  }
  for (Index i = 0; i < shares_.size(); ++i) {
    if (has_heir(i)) keep(i);
  }
  for (Index i = 0; i < shares_.size(); ++i) {
    const auto at = kept.find(shares_[i].key);
    const bool unsettled = !needs(shares_[i].key) && !has_heir(i);
    shares_[i].holds = unsettled || (at != kept.end() && at->second == sets.find(i));
  }
}

// First who shares already, then what new entries join.
Sets Component::join() {
  Sets groups(hosts_.size());
  std::map<Index, Name> vips;  // by a group's find()
  for (const Link& link : links_) {
    std::map<std::string_view, Index> first;
    for (const Index host : link.hosts) {
      if (const Name* key = shared_by(host)) groups.join(first.try_emplace(*key, host).first->second, host);
    }
  }
  for (Index i = 0; i < hosts_.size(); ++i) {
    if (const Name* key = shared_by(i)) vips.emplace(groups.find(i), *key);
  }
  for (Link& link : links_) {
    std::set<std::string_view> keys;
    for (const Index host : link.hosts) {
      if (const auto at = vips.find(groups.find(host)); at != vips.end()) keys.insert(at->second);
    }
    if (keys.size() > 1) {
      link.refused = true;
      const auto holder = holder_of(link);
      refused_.emplace(link.entry,
                       Refusal{link.entry->key, conflict(link, groups, vips), true, holder && keys.contains(*holder)});
      continue;
    }
    const std::optional<Name> key = keys.empty() ? std::nullopt : std::optional<Name>(*keys.begin());
    for (const Index host : link.hosts) groups.join(link.hosts.front(), host);
    if (key) vips.insert_or_assign(groups.find(link.hosts.front()), *key);
  }
  return groups;
}

std::string Component::conflict(const Link& link, Sets& groups, const std::map<Index, Name>& vips) const {
  std::map<std::string_view, std::string_view> first;  // by key: a host that has its VIP
  for (const Index host : link.hosts) {
    const auto at = vips.find(groups.find(host));
    if (at != vips.end()) first.try_emplace(at->second, hosts_[host]);
  }
  std::string out = "would give its hosts one VIP, and they have several: ";
  for (const auto& [key, host] : first) {
    if (key != first.begin()->first) out += ", ";
    out += std::string(host) + (host == key ? " its own" : " that of " + std::string(key));
  }
  return out + "; a VIP that exists does not move for that: give them entries of their own";
}

void Component::describe(Sets& groups) {
  std::map<Index, VipGroup> by_set;
  std::map<Index, const Name*> shared;
  for (Index i = 0; i < hosts_.size(); ++i) {
    by_set[groups.find(i)].hosts.push_back(hosts_[i]);
    if (const Name* key = shared_by(i)) shared.emplace(groups.find(i), key);
  }
  for (const Link& link : links_) {
    if (!link.refused) by_set[groups.find(link.hosts.front())].entries.push_back(link.entry->key);
  }
  for (auto& [set, group] : by_set) {
    const auto at = shared.find(set);
    choose_key(group, at == shared.end() ? nullptr : at->second);
    group.pin = pin_of(group);
    result_.groups.push_back(std::move(group));
  }
  std::sort(result_.groups.begin(), result_.groups.end(),
            [](const VipGroup& a, const VipGroup& b) { return a.hosts.front() < b.hosts.front(); });
  for (auto& [entry, refusal] : refused_) result_.refused.push_back(std::move(refusal));
}

void Component::choose_key(VipGroup& group, const Name* shared) {
  group.key = group.hosts.front();
  if (!shared) return;
  if (std::binary_search(group.hosts.begin(), group.hosts.end(), *shared)) {
    group.key = *shared;
  } else if (is_gone(*shared)) {
    if (inherited_.insert(*shared).second) group.rename = Rename{*shared, group.key};
  } else if (!needs(*shared)) {
    group.key = *shared;
  }
}

std::optional<Address> Component::pin_of(const VipGroup& group) const {
  const ServiceEntry* oldest = nullptr;
  for (const Name& host : group.hosts) {
    const Claims& claims = *model_.claims(host);
    const auto pinning = std::find_if(claims.begin(), claims.end(),
                                      [&](const ServiceEntry* e) { return e->vip_pin && wins(*e, claims); });
    if (pinning != claims.end() && (!oldest || Older{}(*pinning, oldest))) oldest = *pinning;
  }
  return oldest ? oldest->vip_pin : std::nullopt;
}

}  // namespace

const VipGroup* VipGroups::of(std::string_view host) const {
  const auto at = std::find_if(groups.begin(), groups.end(), [&](const VipGroup& group) {
    return std::binary_search(group.hosts.begin(), group.hosts.end(), host);
  });
  return at == groups.end() ? nullptr : &*at;
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

VipGroups group(std::string_view host, const Model& model, const VipFacts& facts) {
  return Component(host, model, facts).take();
}

std::set<std::string> neighbours(std::string_view host, const Model& model, const SharedVips& shared) {
  std::set<std::string> out = shared.sharers_of(host);
  out.emplace(host);
  if (const Claims* claims = model.claims(host)) {
    for (const ServiceEntry* entry : *claims) out.insert(entry->hosts.begin(), entry->hosts.end());
  }
  return out;
}

}  // namespace meridian::mesh
