// Random histories of a writer and of those that follow it.

#include <deque>
#include <random>

#include "vip/remembered.hpp"

using namespace meridian::vip;
using namespace std::chrono_literals;

namespace {

constexpr Times kTimes{100s, 1000s};
constexpr Family kFamilies[] = {Family::V4, Family::V6};
constexpr unsigned kHosts = 20;

std::string host(unsigned i) {
  return "h" + std::to_string(i);
}

class Cluster {
 public:
  explicit Cluster(unsigned seed) : random_(seed), writer_(pool(), kTimes), follower_(pool(), kTimes) {
    follower_.load({}, Role::Follows);
  }

  void step() {
    const auto any = host(below(kHosts));
    switch (below(13)) {
      case 0:
      case 1:
      case 2:
        for (const auto family : kFamilies) writer_.vips.assign(any, family, pin());
        break;
      case 3:
      case 4:
        writer_.vips.release(any);
        break;
      case 5:
        writer_.vips.rename(any, host(below(kHosts)));
        break;
      case 6:
        in_flight_.push_back(writer_.vips.take_changes());
        break;
      case 7:
      case 8:
        land();
        break;
      case 9:
        lose();
        break;
      case 10:
        rest();
        break;
      case 11:
        toggle_literal();
        break;
      case 12:
        if (below(6) == 0) take_over();
        break;
    }
    observe();
  }

 private:
  static Pool pool() { return pool_of({"245.7.0.0/28", "fd00::/125"}); }

  unsigned below(unsigned n) { return static_cast<unsigned>(random_() % n); }
  Address any_address() {
    return below(4) == 0 ? address("fd00::" + std::to_string(below(8)))
                         : address("245.7.0." + std::to_string(below(20)));
  }
  std::optional<Address> pin() { return below(10) == 0 ? std::optional(any_address()) : std::nullopt; }

  void write(const std::vector<Change>& changes) {
    writer_.write(changes);
    const auto concerned = follower_.adopt(changes);
    CHECK(std::is_sorted(concerned.begin(), concerned.end()));
    const std::set<std::string> told(concerned.begin(), concerned.end());
    CHECK(told.size() == concerned.size());
    for (unsigned i = 0; i < kHosts; ++i) {
      for (const auto family : kFamilies) {
        auto& before = followed_[{host(i), family}];
        const auto now = follower_.held(host(i), family);
        if (now != before) CHECK_MESSAGE(told.contains(host(i)), "whoever is concerned is told");
        before = now;
      }
    }
  }
  void land() {
    if (in_flight_.empty()) return;
    write(in_flight_.front());
    writer_.vips.committed(in_flight_.front());
    in_flight_.pop_front();
  }
  void lose() {
    if (in_flight_.empty()) return;
    writer_.vips.lost(in_flight_.back());
    in_flight_.pop_back();
  }
  void rest() {
    const auto elapsed = std::chrono::seconds(below(60));
    writer_.vips.age(elapsed);
    follower_.age(std::chrono::seconds(below(60)));
    if (below(2) == 0 && in_flight_.empty()) write(writer_.vips.freed_records());
  }

  // Both hear of it, and not together: in between they may differ, and after it not.
  void toggle_literal() {
    const auto at = any_address();
    const bool goes = literals_.erase(at) > 0;
    if (!goes) literals_.insert(at);
    const auto tell = [&](Allocator& vips) { goes ? vips.remove_literal(at) : void(vips.add_literal(at)); };
    tell(writer_.vips);
    if (below(2) == 0) in_flight_.push_back(writer_.vips.take_changes());
    if (below(2) == 0) land();
    tell(follower_);
    // One that only a follower hears of, and that goes again.
    const auto passing = any_address();
    follower_.add_literal(passing);
    follower_.remove_literal(passing);
    for (auto& [key, held] : followed_) held = follower_.held(key.first, key.second);
  }

  // The writer dies or loses the right to write; it, or the follower, or another process reads the ledger and goes on.
  void take_over() {
    Remembered next(pool(), kTimes);
    for (const auto& at : literals_) next.vips.add_literal(at);
    next.ledger = writer_.ledger;
    next.vips.load(next.records());
    auto again = writer_.vips;
    again.load(next.records());
    check_same(again, next.vips);
    auto promoted = follower_;
    promoted.load(next.records());
    check_same(promoted, next.vips);
    const std::vector<std::vector<Change>> dead(in_flight_.begin(), in_flight_.end());
    in_flight_.clear();
    if (below(2) == 0) {
      writer_ = std::move(next);
    } else {
      writer_.vips = below(2) == 0 ? again : promoted;
      for (const auto& batch : dead) CHECK(writer_.vips.committed(batch).empty());
    }
    if (below(2) == 0) follower_.load(writer_.records(), Role::Follows);
  }

  // By value: asking changes them.
  static void check_same(Allocator a, Allocator b) {
    CHECK(a.active_hosts() == b.active_hosts());
    CHECK(a.starved() == b.starved());
    for (const auto& network : a.pool().networks()) {
      CHECK(a.usage(network).used == b.usage(network).used);
      CHECK(a.usage(network).quarantined == b.usage(network).quarantined);
      CHECK(a.usage(network).free == b.usage(network).free);
    }
    for (unsigned i = 0; i < kHosts; ++i) {
      for (const auto family : kFamilies) {
        CHECK(a.held(host(i), family) == b.held(host(i), family));
        const auto x = a.assign(host(i), family), y = b.assign(host(i), family);
        CHECK(x.state == y.state);
        CHECK(x.address == y.address);
      }
    }
    const auto x = a.take_changes(), y = b.take_changes();
    REQUIRE(x.size() == y.size());
    for (std::size_t i = 0; i < x.size(); ++i) {
      CHECK(x[i].erase == y[i].erase);
      CHECK(x[i].record == y[i].record);
    }
  }

  void observe() {
    std::map<Address, std::string> owners;
    bool all_written = in_flight_.empty();
    if (all_written) {
      auto asked = writer_.vips;
      all_written = asked.take_changes().empty();
    }
    for (unsigned i = 0; i < kHosts; ++i) {
      for (const auto family : kFamilies) {
        const auto here = writer_.vips.held(host(i), family), there = follower_.held(host(i), family);
        if (there) {
          CHECK_MESSAGE(owners.emplace(*there, host(i)).second, "two hosts never share a VIP");
          CHECK_MESSAGE(writer_.ledger.at(*there).host == host(i), "what a follower answers is in the ledger");
        }
        if (all_written) CHECK(here == there);
        if (!here || all_written) continue;
        const auto line = writer_.ledger.find(*here);
        REQUIRE_MESSAGE(line != writer_.ledger.end(), "what the writer answers is durable");
        CHECK(line->second.active);
        if (line->second.host == host(i)) CHECK(there == here);  // else it was renamed, and the line is on its way
      }
    }
    for (const auto& [at, record] : writer_.ledger) {
      const auto* followed = follower_.find(at);
      REQUIRE(followed != nullptr);
      CHECK(followed->host == record.host);
      CHECK(followed->active == record.active);
      CHECK(followed->freed_for >= record.freed_for);
    }
  }

  std::mt19937 random_;
  Remembered writer_;
  Allocator follower_;
  std::deque<std::vector<Change>> in_flight_;
  std::set<Address> literals_;
  std::map<std::pair<std::string, Family>, std::optional<Address>> followed_;
};

}  // namespace

TEST_CASE("who follows the ledger holds what its writer holds, and a ledger that is read again is read as at first") {
  for (unsigned seed = 1; seed <= 60; ++seed) {
    CAPTURE(seed);
    Cluster cluster(seed);
    for (int i = 0; i < 400; ++i) cluster.step();
  }
}
