#include <meridian/mesh/vip_groups.hpp>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

namespace meridian::mesh {
namespace {

using Index = std::size_t;
using Name = std::string;

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

// That a host is answered with the VIP of `key`, as far as the ledger, our memory and the lists in the entries say.
struct Share {
  Index host;
  Name key;
  bool holds = false;  // it can go on
};

// What group() finds out on its way, step by step.
class Grouping {
 public:
  Grouping(std::string_view start, const Model& model, const VipFacts& facts)
      : model_(model),
        facts_(facts),
        linked_(start, model, facts),
        hosts_(linked_.hosts()),
        shares_of_(hosts_.size()),
        refused_(linked_.take_refused()) {
    find_shares();
    check_shares();
    Sets groups = join();
    describe(groups);
  }
  VipGroups take() { return std::move(result_); }

 private:
  using Link = LinkedHosts::Link;
  void find_shares();
  void check_shares();
  Sets join();
  void describe(Sets& groups);
  void choose_key(VipGroup& group, const Name* shared);
  std::string conflict(const Link& link, Sets& groups, const std::map<Index, Name>& vips) const;
  std::optional<Address> pin_of(const VipGroup& group) const;

  // Whose VIP its list holds.
  std::optional<Name> holder_of(const Link& link) const {
    return link.entry->written_vip ? facts_.holder_of(*link.entry->written_vip) : std::nullopt;
  }
  // What the host shared, and goes on sharing if that holds; null: nothing.
  const Share* share_of(Index host) const {
    for (const Index i : shares_of_[host]) {
      if (shares_[i].holds) return &shares_[i];
    }
    return shares_of_[host].empty() ? nullptr : &shares_[shares_of_[host].front()];
  }
  // The key whose VIP the host goes on sharing; null: it has none to share.
  const Name* shared_by(Index host) const {
    const Share* share = share_of(host);
    return share && share->holds ? &share->key : nullptr;
  }

  const Model& model_;
  const VipFacts& facts_;
  LinkedHosts linked_;
  const std::vector<Name>& hosts_;
  std::vector<Share> shares_;
  std::vector<std::vector<Index>> shares_of_;  // by host: the one to be believed first
  std::set<Name> inherited_;                   // gone keys whose VIP is given on
  std::map<const ServiceEntry*, Refusal, Older> refused_;
  VipGroups result_;
};

// The ledger knows best, then our memory. Until we have one, the lists in the entries tell; later they don't: one may
// be old, or its entry's hosts may be others by now, who never had the VIP.
void Grouping::find_shares() {
  const auto add = [&](Index host, const Name& key) {
    auto& mine = shares_of_[host];
    if (std::any_of(mine.begin(), mine.end(), [&](Index i) { return shares_[i].key == key; })) return;
    mine.push_back(shares_.size());
    shares_.push_back({host, key});
  };
  for (Index i = 0; i < hosts_.size(); ++i) {
    if (facts_.has_vip(hosts_[i])) {
      add(i, hosts_[i]);
    } else if (const auto key = linked_.remembered(hosts_[i])) {
      add(i, *key);
    }
  }
  if (facts_.settled) return;
  std::vector<bool> known(hosts_.size());
  for (const Share& share : shares_) known[share.host] = true;
  for (const Link& link : linked_.links()) {
    const auto holder = holder_of(link);
    if (!holder) continue;
    for (const Index host : link.hosts) {
      if (!known[host]) add(host, *holder);
    }
  }
}

// A share holds while entries connect its host with the key by way of others who share; a gone key has one heir.
void Grouping::check_shares() {
  Sets sets(shares_.size());
  for (const Link& link : linked_.links()) {
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
  const auto has_heir = [&](Index i) { return linked_.is_gone(shares_[i].key); };  // the oldest entry's; then by name
  for (const Link& link : linked_.links()) {
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
    const bool unsettled = !linked_.needs_vip(shares_[i].key) && !has_heir(i);
    shares_[i].holds = unsettled || (at != kept.end() && at->second == sets.find(i));
  }
}

// First who shares already, and who shared a VIP that stays with its key: they get a new one together. Then what new
// entries join.
Sets Grouping::join() {
  Sets groups(hosts_.size());
  std::map<Index, Name> vips;  // by a group's find()
  for (const Link& link : linked_.links()) {
    std::map<std::string_view, Index> first;
    for (const Index host : link.hosts) {
      if (const Share* share = share_of(host)) groups.join(first.try_emplace(share->key, host).first->second, host);
    }
  }
  for (Index i = 0; i < hosts_.size(); ++i) {
    if (const Name* key = shared_by(i)) vips.emplace(groups.find(i), *key);
  }
  for (const Link& link : linked_.links()) {
    std::set<std::string_view> keys;
    for (const Index host : link.hosts) {
      if (const auto at = vips.find(groups.find(host)); at != vips.end()) keys.insert(at->second);
    }
    if (keys.size() > 1) {
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

std::string Grouping::conflict(const Link& link, Sets& groups, const std::map<Index, Name>& vips) const {
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

void Grouping::describe(Sets& groups) {
  std::map<Index, VipGroup> by_set;
  std::map<Index, const Name*> shared;
  for (Index i = 0; i < hosts_.size(); ++i) {
    by_set[groups.find(i)].hosts.push_back(hosts_[i]);
    if (const Name* key = shared_by(i)) shared.emplace(groups.find(i), key);
  }
  for (const Link& link : linked_.links()) {
    if (!refused_.contains(link.entry)) by_set[groups.find(link.hosts.front())].entries.push_back(link.entry->key);
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

void Grouping::choose_key(VipGroup& group, const Name* shared) {
  group.key = group.hosts.front();
  if (!shared) return;
  if (std::binary_search(group.hosts.begin(), group.hosts.end(), *shared)) {
    group.key = *shared;
  } else if (linked_.is_gone(*shared)) {
    if (inherited_.insert(*shared).second) group.rename = Rename{*shared, group.key};
  } else if (!linked_.needs_vip(*shared)) {
    group.key = *shared;
  }
}

std::optional<Address> Grouping::pin_of(const VipGroup& group) const {
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

VipGroups group(std::string_view host, const Model& model, const VipFacts& facts) {
  return Grouping(host, model, facts).take();
}

}  // namespace meridian::mesh
