// Two and three replicas of one ledger under random schedules: requests that land late, or never, or whose answer is
// lost; watches that lag; a Lease that goes from hand to hand, or that two believe to hold; kills. Whatever happens: no
// write that landed gives one host two VIPs or two hosts one, and what was acknowledged is gone only when a leader that
// knew of it let it go.
//
// MERIDIAN_SCHEDULES: how many (400 by default); MERIDIAN_SEED: the first one's seed, which a failure names.

#include <spdlog/spdlog.h>

#include <cstdlib>
#include <random>
#include <set>

#include "ledger/kube_bench.hpp"

namespace meridian::ledger::bench {
namespace {

constexpr int kHosts = 5, kAddresses = 5, kSteps = 250;

vip::Address address_of(int n) {
  return boost::asio::ip::make_address("245.0.0." + std::to_string(n + 1));
}
std::string host_of(int n) {
  return "host" + std::to_string(n) + ".bar.global";
}

// What a replica's owner does with it: loads when told to, follows, and while it may write moves VIPs about, knowing
// only what it was told.
struct Owner {
  using Records = std::map<vip::Address, vip::Record>;
  std::unique_ptr<Bench::Replica> replica;
  Records known;
  std::shared_ptr<Bench::Call<std::vector<vip::Record>>> loading;
  std::shared_ptr<Bench::Call<bool>> committing;
  int committed_at = 0;
  std::vector<vip::Change> changes;  // that are being committed, or have failed and are to be repeated

  void apply(const std::vector<vip::Change>& from) {
    for (const auto& change : from) {
      if (change.erase) {
        known.erase(change.record.address);
      } else {
        known.insert_or_assign(change.record.address, change.record);
      }
    }
  }
};

class Schedule {
 public:
  explicit Schedule(unsigned seed) : random_(seed) {
    bench_.cluster.landed = [this](const ShardWrite& write) { check_landed(write); };
    const auto size = chance(50) ? 2 : 3;
    for (int i = 0; i < size; ++i) owners_.push_back(born());
  }

  void run() {
    for (int step = 0; step < kSteps; ++step) {
      for (auto& owner : owners_) look_after(owner);
      act();
      bench_.turn();
    }
    calm_down();
  }

 private:
  int pick(int below) { return static_cast<int>(random_() % static_cast<unsigned>(below)); }
  bool chance(int percent) { return pick(100) < percent; }

  Owner born() {
    Owner owner;
    owner.replica = bench_.replica("replica-" + std::to_string(++births_), 120);
    owner.loading = bench_.load(*owner.replica);
    return owner;
  }

  // Calls that ended, and news.
  void look_after(Owner& owner) {
    if (owner.loading && owner.loading->done) {
      if (owner.loading->value) {
        owner.known.clear();
        for (const auto& record : *owner.loading->value) owner.known.emplace(record.address, record);
        owner.changes.clear();
      }
      owner.loading = nullptr;
      spdlog::info("{} has loaded", owner.replica->identity);
      check_knowledge(owner);
    }
    if (owner.committing && owner.committing->done) {
      if (owner.committing->value) {
        for (const auto& change : owner.changes) acknowledge(owner, change);
        owner.changes.clear();
      }
      owner.committing = nullptr;
    }
    for (auto& news : std::exchange(owner.replica->news, {})) {
      if (news.reload) {
        if (!owner.loading) owner.loading = bench_.load(*owner.replica);
      } else if (!owner.loading) {
        owner.apply(news.changes);
      }
    }
  }

  void act() {
    auto& owner = owners_[static_cast<std::size_t>(pick(static_cast<int>(owners_.size())))];
    auto& wire = owner.replica->wire;
    const int what = pick(100);
    if (what < 40) {
      if (!wire.under_way.empty()) wire.answer();
    } else if (what < 47) {
      if (!wire.under_way.empty()) wire.land();
    } else if (what < 53) {
      if (!wire.under_way.empty()) wire.cut(chance(50));
    } else if (what < 57) {
      if (!wire.adrift.empty()) wire.land_adrift();
    } else if (what < 60) {
      if (!orphans_.empty()) {
        orphans_.back()->land();
        orphans_.pop_back();
      }
    } else if (what < 72) {
      if (!wire.events.empty()) wire.tell_event();
    } else if (what < 75) {
      wire.relist();
    } else if (what < 83) {
      hand_over(owner);
    } else if (what < 85) {
      kill(owner);
    } else {
      write(owner);
    }
  }

  // To this one, or to nobody. The one before learns of it now or later, as a process that slept.
  void hand_over(Owner& owner) {
    for (auto& other : owners_) {
      if (&other != &owner && chance(70)) other.replica->wire.set_held(false);
    }
    owner.replica->wire.set_held(chance(85));
  }

  void kill(Owner& owner) {
    auto& wire = owner.replica->wire;
    for (auto& exchange : wire.under_way) {
      if (!exchange->landed && chance(50)) orphans_.push_back(exchange);
    }
    for (auto& exchange : wire.adrift) orphans_.push_back(exchange);
    owner = born();
  }

  // Something that its owner may do, for all that it knows: give a free address to a host without one, free, move,
  // erase. Or what failed before, again, and something behind it.
  void write(Owner& owner) {
    if (owner.committing || owner.loading || !owner.replica->ledger->writable()) return;
    if (owner.changes.empty() || chance(50)) {
      for (int n = 1 + pick(3); n > 0; --n) decide(owner);
    }
    for (const auto& change : owner.changes) asked_[owner.replica->identity].insert(change.record.address);
    owner.committed_at = landings_;
    spdlog::info("{} commits {} changes", owner.replica->identity, owner.changes.size());
    owner.committing = bench_.commit(*owner.replica, owner.changes);
  }

  void decide(Owner& owner) {
    const auto host = host_of(pick(kHosts));
    const auto address = address_of(pick(kAddresses));
    const auto at = owner.known.find(address);
    for (const auto& change : owner.changes) {
      if (change.record.address == address) return;  // a quarantine ends after the commit that began it
    }
    std::optional<vip::Address> active;
    for (const auto& [a, record] : owner.known) {
      if (record.active && record.host == host) active = a;
    }
    std::vector<vip::Change> made;
    const bool taken = at != owner.known.end() && at->second.active;
    if (!taken && !(active && chance(60))) {
      if (active) made.push_back({{*active, host, false, {}}});
      made.push_back({{address, host, true, {}}});
    } else if (taken) {
      made.push_back({{address, at->second.host, false, {}}});
    } else if (at != owner.known.end()) {
      made.push_back({{address, {}, true, {}}, true});
    }
    owner.apply(made);
    owner.changes.insert(owner.changes.end(), made.begin(), made.end());
  }

  // No state of the cluster that ever was contradicts itself, and no shard goes back to an older leader.
  void check_landed(const ShardWrite& write) {
    ++landings_;
    std::string data;
    for (const auto& [key, value] : write.data) data += " " + key + "=" + value.value_or("gone");
    spdlog::info("shard {} by {}, epoch {}:{}", write.number, write.holder, write.epoch, data);
    auto& epoch = epochs_[write.number];
    REQUIRE_MESSAGE(write.epoch >= epoch, "an old leader's writes are refused");
    epoch = write.epoch;
    std::map<std::string, vip::Address> active;
    std::set<vip::Address> seen;
    for (const auto& [number, shard] : bench_.cluster.shards) {
      for (const auto& [address, line] : shard.lines) {
        CAPTURE(address.to_string());
        CAPTURE(write.holder);
        REQUIRE_MESSAGE(seen.insert(address).second, "an address is in one shard");
        if (line.record.active) held_at_[{address, line.record.host}] = landings_;
        if (line.record.active) REQUIRE_MESSAGE(active.emplace(line.record.host, address).second, "one host one VIP");
      }
    }
    // An active line goes only by its own leader's hand, and never to another host in one step.
    for (const auto& [address, host] : active_before_) {
      const auto now = line_at(address);
      if (now && now->record.active) REQUIRE_MESSAGE(now->record.host == host, "one VIP one host");
    }
    active_before_.clear();
    for (const auto& [host, address] : active) active_before_.emplace(address, host);
    // What was acknowledged is let go only by one who said so: the cluster's last word, or the leader that
    // acknowledged.
    for (auto at = acknowledged_.begin(); at != acknowledged_.end();) {
      const auto now = line_at(at->first);
      const bool holds = now && now->record.active && now->record.host == at->second;
      if (!holds) REQUIRE_MESSAGE(said(write.holder, at->first), "what was acknowledged holds");
      at = holds ? std::next(at) : acknowledged_.erase(at);
    }
  }

  std::optional<Line> line_at(const vip::Address& address) const {
    for (const auto& [number, shard] : bench_.cluster.shards) {
      if (const auto found = shard.lines.find(address); found != shard.lines.end()) return found->second;
    }
    return std::nullopt;
  }

  // Whether the owner of that replica ever asked for a change at the address.
  bool said(const std::string& holder, const vip::Address& address) const {
    const auto found = asked_.find(holder);
    return found != asked_.end() && found->second.contains(address);
  }

  // The ledger has said that it is durable: so it is.
  void acknowledge(Owner& owner, const vip::Change& change) {
    const auto& address = change.record.address;
    const vip::Change* last = &change;
    for (const auto& other : owner.changes) {
      if (other.record.address == address) last = &other;
    }
    if (last != &change) return;  // the last change of an address counts
    if (change.erase || !change.record.active) {
      acknowledged_.erase(address);
      return;
    }
    const auto held = held_at_.find({address, change.record.host});
    REQUIRE_MESSAGE((held != held_at_.end() && held->second >= owner.committed_at), "what is acknowledged was written");
    if (held->second == landings_) acknowledged_[address] = change.record.host;
  }

  // A leader that nobody has followed knows exactly what the cluster holds.
  void check_knowledge(const Owner& owner) {
    if (!owner.replica->ledger->writable() || !owner.replica->news.empty()) return;
    for (const auto& [number, shard] : bench_.cluster.shards) {
      if (shard.holder != owner.replica->identity) return;
    }
    std::vector<vip::Record> known;
    for (const auto& [address, record] : owner.known) known.push_back(record);
    REQUIRE(text(known) == text(bench_.cluster.records()));
  }

  // No faults any more, one holder: it can write, and everybody knows the same.
  void calm_down() {
    std::vector<Bench::Replica*> all;
    for (auto& owner : owners_) {
      owner.replica->wire.set_held(false);
      all.push_back(owner.replica.get());
    }
    bench_.settle(all);
    owners_[0].replica->wire.set_held(true);
    for (int round = 0; round < 4; ++round) {
      bench_.settle(all);
      for (auto& owner : owners_) look_after(owner);
    }
    REQUIRE(owners_[0].replica->ledger->writable());
    write(owners_[0]);
    for (int round = 0; round < 4; ++round) {
      bench_.settle(all);
      for (auto& owner : owners_) look_after(owner);
    }
    for (auto& owner : owners_) {
      REQUIRE_FALSE(owner.loading);
      std::vector<vip::Record> known;
      for (const auto& [address, record] : owner.known) known.push_back(record);
      CAPTURE(owner.replica->identity);
      CHECK(text(known) == text(bench_.cluster.records()));
    }
  }

  static std::string text(const std::vector<vip::Record>& records) {
    std::string text;
    for (const auto& r : records) text += r.address.to_string() + (r.active ? "=" : "-") + r.host + " ";
    return text;
  }

  std::mt19937 random_;
  Bench bench_;
  std::vector<Owner> owners_;
  std::vector<std::shared_ptr<Exchange>> orphans_;  // of replicas that are dead
  std::map<vip::Address, std::string> active_before_, acknowledged_;
  std::map<std::string, std::set<vip::Address>> asked_;          // by replica, in all its life
  std::map<int, std::uint64_t> epochs_;                          // by shard
  std::map<std::pair<vip::Address, std::string>, int> held_at_;  // the last landing behind which it was so
  int landings_ = 0;
  int births_ = 0;
};

unsigned number_from(const char* variable, unsigned otherwise) {
  const char* text = std::getenv(variable);
  return text ? static_cast<unsigned>(std::strtoul(text, nullptr, 10)) : otherwise;
}

}  // namespace

TEST_CASE("replicas of one ledger never contradict each other, whatever dies when") {
  const auto first = number_from("MERIDIAN_SEED", 1), schedules = number_from("MERIDIAN_SCHEDULES", 400);
  const auto level = spdlog::get_level();
  if (schedules > 1) spdlog::set_level(spdlog::level::off);
  for (unsigned seed = first; seed < first + schedules; ++seed) {
    CAPTURE(seed);
    Schedule(seed).run();
  }
  spdlog::set_level(level);
}

}  // namespace meridian::ledger::bench
