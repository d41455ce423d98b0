// Random histories, held to what is promised whatever happens: behaviour, section 7.

#include <algorithm>
#include <deque>
#include <random>

#include "vip/remembered.hpp"

using namespace meridian::vip;
using namespace std::chrono_literals;

namespace {

constexpr Times kTimes{100s, 1000s};

// A process with its ledger, which is killed now and then, and an observer who writes down what was ever answered.
class History {
 public:
  explicit History(unsigned seed) : random_(seed), now_(pool_of({"245.7.0.0/28", "fd00::/125"}), kTimes) {}

  void step() {
    switch (random_() % 16) {
      case 0:
      case 1:
      case 2:
      case 3:
        want();
        break;
      case 4:
      case 5:
        unwant();
        break;
      case 6:
      case 7:
        propose();
        break;
      case 8:
      case 9:
      case 10:
        land();
        break;
      case 11:
        lose();
        break;
      case 12:
        rest();
        break;
      case 13:
        toggle_literal();
        break;
      case 14:
        if (random_() % 4 == 0) crash();
        break;
      case 15:
        if (random_() % 8 == 0) reshape();
        break;
    }
    observe();
  }

 private:
  struct Wish {
    bool wanted = false;
    std::optional<Address> pin;
  };
  using Key = std::pair<std::string, Family>;

  unsigned below(unsigned n) { return static_cast<unsigned>(random_() % n); }
  std::string any_host() { return "h" + std::to_string(below(20)); }
  Address any_address() {
    return below(4) == 0 ? address("fd00::" + std::to_string(below(8)))
                         : address("245.7.0." + std::to_string(below(20)));
  }

  void want() {
    const auto host = any_host();
    auto& wish = wishes_[host];
    wish.wanted = true;
    if (below(10) == 0) wish.pin = any_address();
    if (below(10) == 0) wish.pin.reset();
  }
  void unwant() {
    const auto host = any_host();
    wishes_[host].wanted = false;
    now_.vips.release(host);
  }

  // Batches are committed in order, or the last ones are lost; the process may be killed between any two.
  void propose() {
    auto changes = now_.vips.take_changes();
    if (!changes.empty()) in_flight_.push_back(std::move(changes));
  }
  void land() {
    if (in_flight_.empty()) return;
    now_.write(in_flight_.front());
    now_.vips.committed(in_flight_.front());
    in_flight_.pop_front();
  }
  void lose() {
    if (in_flight_.empty()) return;
    now_.vips.lost(in_flight_.back());
    in_flight_.pop_back();
  }

  void rest() {
    const auto elapsed = std::chrono::seconds(below(60));
    clock_ += elapsed;
    now_.vips.age(elapsed);
    if (below(2) == 0 && in_flight_.empty()) now_.write(now_.vips.freed_records());
  }
  void toggle_literal() {
    const auto at = any_address();
    if (literals_.erase(at)) return now_.vips.remove_literal(at);
    literals_.insert(at);
    if (now_.vips.add_literal(at)) CHECK(holder(at) != nullptr);
    if (const auto* key = holder(at)) held_.erase(*key);
    last_.erase(at);  // whose it was is between the user and us
  }
  const Key* holder(const Address& at) const {
    for (const auto& [key, vip] : proposed_) {
      if (vip == at) return &key;
    }
    return nullptr;
  }
  void reshape() {
    now_.vips.reconfigure(
        below(2) ? pool_of({"245.7.0.0/28", "fd00::/125"}) : pool_of({"245.7.0.8/29"}, {"245.7.0.12"}), kTimes);
  }

  // SIGKILL: only the committed batches are left, and what is in force is told anew, in any order.
  void crash() {
    in_flight_.clear();
    Remembered next(now_.vips.pool(), kTimes);
    next.ledger = std::move(now_.ledger);
    const auto tell_literals = [&] {
      for (const auto& at : literals_) next.vips.add_literal(at);
    };
    const bool literals_first = below(2) == 0;
    if (literals_first) tell_literals();
    next.vips.load(next.records());
    if (!literals_first) tell_literals();
    now_ = std::move(next);
    for (const auto& [host, wish] : wishes_) {
      if (!wish.wanted) now_.vips.release(host);
    }
    proposed_.clear();
  }

  // Asks for every host and holds the answers to the promises.
  void observe() {
    std::map<Address, std::string> owners;
    for (const auto& [host, wish] : wishes_) {
      for (const auto family : {Family::V4, Family::V6}) {
        const Key key{host, family};
        if (!wish.wanted) {
          free(key);
          continue;
        }
        const auto got = now_.vips.assign(host, family, wish.pin);
        if (got.state != Assignment::State::Held && got.state != Assignment::State::Pending) {
          proposed_.erase(key);
          CHECK_MESSAGE(held_.count(key) == 0, "a VIP that was answered is not taken away");
          continue;
        }
        proposed_[key] = got.address;
        CHECK_MESSAGE(owners.emplace(got.address, host).second, "two hosts never share a VIP");
        CHECK_MESSAGE(literals_.count(got.address) == 0, "the user's addresses are the user's");
        const auto before = held_.find(key);
        const bool moved = before != held_.end() && before->second != got.address;
        if (moved) {
          CHECK_MESSAGE(wish.pin == got.address, "a VIP moves by a literal or a pin only");
          free(key);
        }
        if (got.state != Assignment::State::Held) continue;
        const auto last = last_.find(got.address);
        if (last != last_.end() && last->second.first != host) {
          CHECK_MESSAGE(clock_ - last->second.second >= kTimes.quarantine,
                        "no VIP changes hands within its quarantine");
        }
        held_[key] = got.address;
        last_.erase(got.address);
        const auto line = now_.ledger.find(got.address);
        const bool written = line != now_.ledger.end() && line->second.host == host;
        CHECK_MESSAGE(written, "what is answered is in the ledger");
      }
    }
  }
  void free(const Key& key) {
    proposed_.erase(key);
    const auto held = held_.find(key);
    if (held == held_.end()) return;
    last_[held->second] = {key.first, clock_};
    held_.erase(held);
  }

  std::mt19937 random_;
  Remembered now_;
  std::deque<std::vector<Change>> in_flight_;
  std::map<std::string, Wish> wishes_;
  std::set<Address> literals_;
  std::map<Key, Address> proposed_;                                       // what assign() said last
  std::map<Key, Address> held_;                                           // what was answered, while the host lives
  std::map<Address, std::pair<std::string, std::chrono::seconds>> last_;  // who had it last, and when it was freed
  std::chrono::seconds clock_{0};
};

}  // namespace

TEST_CASE("the promises hold in any history") {
  for (unsigned seed = 1; seed <= 60; ++seed) {
    CAPTURE(seed);
    History history(seed);
    for (int i = 0; i < 400; ++i) history.step();
  }
}

TEST_CASE("two machines with the same hosts agree without talking") {
  Remembered one(pool_of({"245.7.0.0/21"})), other(pool_of({"245.7.0.0/21"}));
  for (int i = 0; i < 1000; ++i) {
    const auto host = "h" + std::to_string(i) + ".bar.global";
    CHECK(one.assign(host) == other.assign(host));
  }
}

TEST_CASE("a lost ledger moves few: the hash comes first and the record second") {
  std::mt19937 random(5);
  std::vector<std::string> hosts;
  for (int i = 0; i < 5000; ++i) hosts.push_back("h" + std::to_string(i) + ".bar.global");
  Remembered sorted(pool_of({"245.0.0.0/8"})), shuffled(pool_of({"245.0.0.0/8"}));
  for (const auto& host : hosts) sorted.assign(host);
  std::ranges::shuffle(hosts, random);
  for (const auto& host : hosts) shuffled.assign(host);
  const auto moved =
      std::ranges::count_if(hosts, [&](auto& host) { return sorted.assign(host) != shuffled.assign(host); });
  CHECK(moved <= 8);
}
