#include <algorithm>

#include "vip/remembered.hpp"

using namespace meridian::vip;
using namespace std::chrono_literals;

namespace {

// .4 to .7: four addresses.
Remembered four() {
  return Remembered(pool_of({"245.7.0.4/30"}));
}

void fill(Remembered& r, int hosts) {
  for (int i = 0; i < hosts; ++i) r.vip("h" + std::to_string(i));
}

}  // namespace

TEST_CASE("a host gets the address at its hash") {
  Remembered r(pool_of({"245.0.0.0/8"}));
  const auto& pool = r.vips.pool();
  const auto expected = pool.at(Family::V4, place_hash("httpbin.bar.global") % pool.places(Family::V4));
  REQUIRE(pool.usable(expected));
  CHECK(r.vip("httpbin.bar.global") == expected.to_string());
}

TEST_CASE("a VIP may be answered when it is in the ledger and not before") {
  auto r = four();
  const auto pending = r.assign("a");
  CHECK(pending.rfind("pending ", 0) == 0);
  CHECK_MESSAGE(r.assign("a") == pending, "asking again proposes nothing new");
  CHECK(r.commit() == std::vector<std::string>{"a"});
  CHECK(r.assign("a") == "held " + pending.substr(8));
  CHECK_MESSAGE(r.vips.take_changes().empty(), "nothing is written twice");
}

TEST_CASE("two hosts never share a VIP, and places that are taken are probed past") {
  auto r = four();
  std::vector<std::string> all;
  for (const auto* host : {"a", "b", "c", "d"}) all.push_back(r.vip(host));
  std::sort(all.begin(), all.end());
  CHECK(all == std::vector<std::string>{"245.7.0.4", "245.7.0.5", "245.7.0.6", "245.7.0.7"});
}

TEST_CASE("an exhausted pool starves the next host until something frees") {
  auto r = four();
  fill(r, 4);
  CHECK(r.assign("late") == "exhausted");
  CHECK(r.vips.starved() == std::set<std::string>{"late"});
  CHECK_FALSE(r.vips.age(10s));

  const auto freed = r.vip("h2");
  r.vips.release("h2");
  CHECK(r.assign("late") == "exhausted");
  CHECK_FALSE(r.vips.age(3599s));
  CHECK_MESSAGE(r.assign("late") == "exhausted", "the quarantine is not over");
  CHECK(r.vips.age(1s));
  CHECK(r.assign("late") == "pending " + freed);
  CHECK(r.vips.starved().empty());
}

TEST_CASE("a starved host that is released is not asked for any more") {
  auto r = four();
  fill(r, 4);
  r.assign("late");
  r.vips.release("late");
  CHECK(r.vips.starved().empty());
}

TEST_CASE("a host that comes back within its tombstone has the VIP it had") {
  auto r = four();
  const auto vip = r.vip("a");
  struct {
    const char* title;
    std::chrono::seconds away;
  } rows[] = {{"at once", 0s}, {"in quarantine", 100s}, {"after quarantine", 2h}, {"just before the end", 24h - 1s}};
  for (const auto& row : rows) {
    SUBCASE(row.title) {
      r.vips.release("a");
      r.commit();
      r.vips.age(row.away);
      CHECK_MESSAGE(r.assign("a") == "pending " + vip, "a crash now would find it freed, so the ledger comes first");
      r.commit();
      CHECK(r.assign("a") == "held " + vip);
      CHECK(r.ledger.at(address(vip)) == Record{address(vip), "a", true, 0s});
    }
  }
}

TEST_CASE("a record goes when its tombstone ends") {
  auto r = four();
  const auto vip = r.vip("a");
  r.vips.release("a");
  r.vips.age(24h - 1s);
  r.commit();
  CHECK(r.ledger.at(address(vip)).freed_for == 24h - 1s);
  r.vips.age(1s);
  r.commit();
  CHECK(r.ledger.empty());
  CHECK(r.vips.find(address(vip)) == nullptr);
}

TEST_CASE("a tombstone shorter than the quarantine does not shorten it") {
  Remembered r(pool_of({"245.7.0.5/32"}), Times{1h, 60s});
  r.vip("a");
  r.vips.release("a");
  r.vips.age(1800s);
  CHECK(r.assign("b") == "exhausted");
  r.vips.age(1800s);
  CHECK(r.assign("b") == "pending 245.7.0.5");
}

TEST_CASE("what lies between quarantine and the end of its tombstone goes last, the longest unused first") {
  auto r = four();
  fill(r, 3);
  const auto first = r.vip("h1"), second = r.vip("h0");
  r.vips.release("h1");
  r.vips.age(1s);
  r.vips.release("h0");
  r.vips.age(2h);
  const auto fresh = r.vip("new");
  CHECK(fresh != first);
  CHECK(fresh != second);
  CHECK(r.vip("newer") == first);
  CHECK(r.vip("newest") == second);
  CHECK_MESSAGE(r.assign("h1") == "exhausted", "another host has what it had");
}

TEST_CASE("a freed record ages with running time and is kept up to date on request") {
  auto r = four();
  const auto vip = r.vip("a");
  r.vips.release("a");
  r.commit();
  r.vips.age(100s);
  r.vips.age(0s);
  r.vips.age(-50s);
  REQUIRE(r.vips.freed_records().size() == 1);
  CHECK(r.vips.freed_records()[0].record == Record{address(vip), "a", false, 100s});
  CHECK_MESSAGE(r.vips.take_changes().empty(), "ageing alone is no change");
}

TEST_CASE("families run out separately") {
  Remembered r(pool_of({"245.7.0.5/32", "fd00::/64"}));
  r.vip("a");
  CHECK(r.assign("b") == "exhausted");
  const auto v6 = r.vip("b", Family::V6);
  CHECK(Network::parse("fd00::/64")->contains(address(v6)));
  CHECK_MESSAGE(r.vips.starved().count("b") == 1, "an address of one family does not still the hunger for the other");
  r.vips.release("a");
  r.vips.age(1h);
  CHECK(r.vip("b") == "245.7.0.5");
  CHECK(r.vips.starved().empty());
  CHECK(r.vips.active_hosts() == std::vector<std::string>{"b"});
}

TEST_CASE("no pool of a family is not exhaustion") {
  auto r = four();
  CHECK(r.assign("a", Family::V6) == "no pool");
  CHECK(r.vips.starved().empty());
}

TEST_CASE("a changed pool moves nobody, and new hosts draw from the new one") {
  auto r = four();
  const auto old = r.vip("a");
  r.vips.reconfigure(pool_of({"10.1.0.0/24"}), {});
  CHECK(r.assign("a") == "held " + old);
  CHECK(Network::parse("10.1.0.0/24")->contains(address(r.vip("b"))));
  r.vips.release("a");
  r.vips.age(2h);
  CHECK_MESSAGE(r.vip("a") == old, "also across delete and create");
}

TEST_CASE("a freed VIP that was excluded in the meantime is not given again") {
  auto r = four();
  const auto old = r.vip("a");
  r.vips.release("a");
  r.vips.reconfigure(pool_of({"245.7.0.4/30"}, {old}), {});
  CHECK(r.vip("a") != old);
}

TEST_CASE("a bigger pool feeds the starved") {
  auto r = four();
  fill(r, 4);
  r.assign("late");
  r.vips.reconfigure(pool_of({"245.7.0.0/24"}), {});
  CHECK(r.vips.age(0s));
  CHECK(r.assign("late").rfind("pending ", 0) == 0);
}

TEST_CASE("usage counts what a network has given, what rests, and what is left") {
  Remembered r(pool_of({"245.7.0.0/28", "10.0.0.0/30"}));
  for (int i = 0; i < 6; ++i) r.vip("h" + std::to_string(i));
  const auto total = [&](auto what) {
    return r.vips.usage(*Network::parse("245.7.0.0/28")).*what + r.vips.usage(*Network::parse("10.0.0.0/30")).*what;
  };
  CHECK(total(&Allocator::Usage::used) == 6);
  CHECK(total(&Allocator::Usage::free) == 15 + 3 - 6);
  r.vips.release("h0");
  r.vips.release("h1");
  CHECK(total(&Allocator::Usage::quarantined) == 2);
  CHECK(total(&Allocator::Usage::free) == 15 + 3 - 6);
  r.vips.age(1h);
  CHECK(total(&Allocator::Usage::quarantined) == 0);
  CHECK(total(&Allocator::Usage::free) == 15 + 3 - 4);
  CHECK(r.vips.usage(*Network::parse("0.0.0.0/0")).used == 4);
}
