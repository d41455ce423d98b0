// Entries come, change and go, lists are written late or never, processes restart: what is promised of groups holds.

#include <algorithm>
#include <random>

#include "mesh/vip_world.hpp"

using namespace meridian::mesh;
using meridian::mesh::testing::entry;

namespace {

using Hosts = std::set<std::string>;

struct Spec {
  unsigned day = 1;
  Hosts hosts;
  std::string words;    // " vip=none", " addresses=...": who is not linked
  std::string written;  // the list that we wrote
};

std::string line_of(const std::string& key, const Spec& spec) {
  std::string line = key + " created=2024-01-0" + std::to_string(spec.day) + " hosts=";
  for (const auto& host : spec.hosts) line += (host == *spec.hosts.begin() ? "" : ",") + host;
  line += spec.words;
  if (!spec.written.empty() && spec.words.find("addresses") == spec.words.npos) line += " written=" + spec.written;
  return line;
}

// A process that does with groups what they are for, and an observer who writes down what was answered.
class History {
 public:
  explicit History(unsigned seed) : random_(seed) {}

  void step() {
    const auto before = answered_;
    const auto linked = accepted_;
    switch (below(8)) {
      case 0:
      case 1:
      case 2:
        put_any();
        break;
      case 3:
        specs_.erase(any_key());
        break;
      case 4:
      case 5:
        change_hosts();
        break;
      case 6:
        write_lists(below(3) == 0);
        break;
      case 7:
        if (below(3) == 0) return restart();
        break;
    }
    run();
    check_stable(before);
    for (const auto& [key, hosts] : linked) {
      const auto at = specs_.find(key);
      const bool same = at != specs_.end() && at->second.hosts == hosts;
      if (same) CHECK_MESSAGE(!in_conflict_.contains(key), "an entry that is written stays so");
    }
  }

 private:
  unsigned below(unsigned n) { return static_cast<unsigned>(random_() % n); }
  std::string any_key() { return "n" + std::to_string(1 + below(2)) + "/e" + std::to_string(1 + below(4)); }
  std::string any_host() { return std::string(1, static_cast<char>('a' + below(8))) + ".global"; }
  Hosts any_hosts() {
    Hosts hosts;
    for (unsigned n = 1 + below(3); n > 0; --n) hosts.insert(any_host());
    return hosts;
  }
  void put_any() {
    static constexpr const char* kWords[] = {"", "", "", "", "", "", " vip=none", " addresses=10.0.0.1"};
    specs_[any_key()] = {1 + below(4), any_hosts(), kWords[below(std::size(kWords))], ""};
  }
  void change_hosts() {
    const auto at = specs_.find(any_key());
    if (at == specs_.end()) return;
    auto& hosts = at->second.hosts;
    if (below(2) == 0) hosts.insert(any_host());
    if (hosts.size() > 1 && below(2) == 0) hosts.erase(std::next(hosts.begin(), below(2)));
    if (below(8) == 0) hosts = any_hosts();
  }

  void write_lists(bool all) {
    for (auto& [key, spec] : specs_) {
      if (!all && below(2) == 0) continue;
      if (accepted_.contains(key)) {
        spec.written = answered_.at(*spec.hosts.begin());
      } else if (!keeps_list_.contains(key)) {
        spec.written.clear();
      }
    }
  }

  // Nothing of us is left but the ledger and the lists.
  void restart() {
    write_lists(true);
    const auto before = answered_;
    const bool peace = in_conflict_.empty();
    shared_ = {};
    settled_ = false;
    run();
    // What only a refused entry holds together is not written anywhere, unless it keeps its list.
    if (peace) CHECK_MESSAGE(answered_ == before, "a restart moves no VIP");
  }

  Model model_of(std::vector<std::string> keys) {
    Model model(Rules{.zones = {"global"}});
    for (const auto& key : keys) model.put(0, entry(line_of(key, specs_.at(key))));
    return model;
  }
  VipFacts facts() const {
    return {[this](std::string_view host) { return ledger_.contains(std::string(host)); },
            [this](const Address& address) -> std::optional<std::string> {
              for (const auto& [host, vip] : ledger_) {
                if (vip == address.to_string()) return host;
              }
              return std::nullopt;
            },
            [](unsigned) { return true; }, shared_, settled_};
  }

  void run() {
    std::vector<std::string> keys;
    for (const auto& [key, spec] : specs_) keys.push_back(key);
    const Model model = model_of(keys);
    std::ranges::shuffle(keys, random_);
    const Model shuffled = model_of(keys);
    look(model, shuffled);
    if (!std::exchange(settled_, true)) look(model, shuffled);
    for (const auto& [host, vip] : before_) {
      if (!needing_.contains(host)) shared_.forget(host);
    }
    before_ = answered_;
    for (auto at = ledger_.begin(); at != ledger_.end();) {
      const auto host = (at++)->first;
      if (needing_.contains(host)) continue;
      gone_.insert(ledger_.at(host));
      ledger_.erase(host);
    }
  }

  // All groups, each looked at once.
  void look(const Model& model, const Model& shuffled) {
    answered_.clear();
    accepted_.clear();
    in_conflict_.clear();
    keeps_list_.clear();
    needing_.clear();
    Hosts keys, seen;
    for (const auto& name : model.host_names()) {
      const auto host = model.host(name);
      if (host->source == AddressSource::Vip) needing_.insert(name);
    }
    for (const auto& name : needing_) {
      if (seen.contains(name)) continue;
      const VipGroups found = group(name, model, facts());
      CHECK_MESSAGE(group(name, shuffled, facts()) == found, "the order of arrival is nowhere to be seen");
      for (const auto& each : found.groups) {
        CHECK_MESSAGE(group(each.hosts.back(), model, facts()) == found, "nor who asks");
      }
      for (const auto& refusal : found.refused) {
        if (refusal.conflict) in_conflict_.insert(refusal.entry.to_text());
        if (refusal.keeps_list) keeps_list_.insert(refusal.entry.to_text());
      }
      for (const auto& each : found.groups) {
        apply(each);
        seen.insert(each.hosts.begin(), each.hosts.end());
        if (settled_) CHECK_MESSAGE(keys.insert(each.key).second, "two groups never share a VIP");
      }
      const VipGroups again = group(name, model, facts());
      for (const auto& each : again.groups) CHECK_FALSE(each.rename.has_value());
      for (const auto& each : again.groups)
        CHECK_MESSAGE(each.key == found.of(each.hosts.front())->key, "it is settled");
    }
    CHECK_MESSAGE(seen == needing_, "every host is in one group");
    for (const auto& [key, hosts] : accepted_) {
      for (const auto& host : hosts) {
        CHECK_MESSAGE(answered_.at(host) == answered_.at(*hosts.begin()), "the hosts of an entry have one VIP");
      }
    }
  }

  void apply(const VipGroup& group) {
    const auto is_in = [&](const std::string& host) { return std::ranges::binary_search(group.hosts, host); };
    if (settled_) CHECK_MESSAGE(is_in(group.key), "the key is one of the group");
    if (group.rename) {
      REQUIRE(ledger_.contains(group.rename->from));
      REQUIRE(!ledger_.contains(group.rename->to));
      CHECK(!needing_.contains(group.rename->from));
      ledger_[group.rename->to] = ledger_.at(group.rename->from);
      ledger_.erase(group.rename->from);
    }
    if (!ledger_.contains(group.key)) {
      CHECK(is_in(group.key));
      ledger_[group.key] = "245.1." + std::to_string(next_ / 250) + "." + std::to_string(1 + next_ % 250);
      ++next_;
    }
    const auto vip = ledger_.at(group.key);
    CHECK_MESSAGE(!gone_.contains(vip), "what was freed goes to nobody");
    for (const auto& host : group.hosts) {
      if (host != group.key) CHECK_MESSAGE(!ledger_.contains(host), "nobody but the key has a VIP");
      answered_[host] = vip;
    }
    for (const auto& key : group.entries) accepted_[key.to_text()] = specs_.at(key.to_text()).hosts;
    shared_.remember(group.hosts, group.key, group.rename ? std::optional(group.rename->from) : std::nullopt);
  }

  // Who had the VIP before has it still, if entries connect it with its key by way of others who had it; and nobody
  // else has it but by one who had it.
  void check_stable(const std::map<std::string, std::string>& before) {
    std::map<std::string, Hosts> had;  // by VIP
    for (const auto& [host, vip] : before) had[vip].insert(host);
    for (const auto& [vip, hosts] : had) {
      Hosts left, have;
      for (const auto& host : hosts) {
        if (needing_.contains(host)) left.insert(host);
      }
      for (const auto& [host, now] : answered_) {
        if (now == vip) have.insert(host);
      }
      if (left.empty()) {
        CHECK_MESSAGE(have.empty(), "a VIP goes to nobody who never had it");
        continue;
      }
      CHECK_MESSAGE(std::ranges::any_of(left, [&](auto& host) { return have.contains(host); }),
                    "a VIP survives its key");
      for (const auto& [host, now] : answered_) {
        if (now == vip && ledger_.contains(host)) {
          for (const auto& friend_of : reached_from(host, left)) CHECK(answered_.at(friend_of) == vip);
        }
      }
    }
  }
  Hosts reached_from(const std::string& start, const Hosts& among) {
    Hosts reached{start};
    for (std::size_t before = 0; before != reached.size();) {
      before = reached.size();
      for (const auto& [key, spec] : specs_) {
        if (!accepted_.contains(key) && !in_conflict_.contains(key)) continue;
        if (std::ranges::none_of(spec.hosts,
                                 [&](auto& host) { return reached.contains(host) && among.contains(host); }))
          continue;
        for (const auto& host : spec.hosts) {
          if (among.contains(host)) reached.insert(host);
        }
      }
    }
    return reached;
  }

  std::mt19937 random_;
  std::map<std::string, Spec> specs_;          // by key
  std::map<std::string, std::string> ledger_;  // host, VIP
  std::set<std::string> gone_;                 // VIPs that were freed: in quarantine for ever
  SharedVips shared_;
  bool settled_ = true;
  unsigned next_ = 0;
  Hosts needing_;
  std::map<std::string, std::string> answered_, before_;  // host, VIP
  std::map<std::string, Hosts> accepted_;                 // entries that may be written
  std::set<std::string> in_conflict_, keeps_list_;
};

}  // namespace

TEST_CASE("the promises of groups hold in any history") {
  for (unsigned seed = 1; seed <= 60; ++seed) {
    CAPTURE(seed);
    History history(seed);
    for (int i = 0; i < 120; ++i) {
      CAPTURE(i);
      history.step();
    }
  }
}
