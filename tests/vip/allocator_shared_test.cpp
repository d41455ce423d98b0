// One process writes the ledger, others follow it, and any of them may be the writer next.

#include "vip/remembered.hpp"

using namespace meridian::vip;
using namespace std::chrono_literals;

namespace {

using Hosts = std::vector<std::string>;

Change put(const std::string& at, const std::string& host, bool active = true, std::chrono::seconds freed_for = 0s) {
  return {{address(at), host, active, freed_for}, false, 7};
}
Change erasure(const std::string& at) {
  return {{address(at), {}, true, 0s}, true, 7};
}
std::vector<Change> changes(std::initializer_list<Change> list) {
  return list;
}

Remembered follower(const std::vector<Record>& records = {}) {
  Remembered r(pool_of({"245.7.0.0/24"}));
  r.vips.load(records, Role::Follows);
  return r;
}

std::string held(const Remembered& r, const std::string& host, Family family = Family::V4) {
  const auto address = r.vips.held(host, family);
  return address ? address->to_string() : "nothing";
}

}  // namespace

TEST_CASE("what another process wrote is true at once") {
  auto r = follower({{address("245.7.0.1"), "a", true, 0s}, {address("245.7.0.2"), "b", false, 60s}});
  CHECK(held(r, "a") == "245.7.0.1");
  CHECK(held(r, "b") == "nothing");
  struct {
    const char* title;
    std::vector<Change> changes;
    Hosts concerned;
    std::string a, b;  // held after it
  } rows[] = {
      {"nothing", {}, {}, "245.7.0.1", "nothing"},
      {"a new VIP", {put("245.7.0.3", "b")}, {"b"}, "245.7.0.1", "245.7.0.3"},
      {"a freed VIP", {put("245.7.0.1", "a", false)}, {"a"}, "nothing", "nothing"},
      {"an erased VIP", {erasure("245.7.0.1")}, {"a"}, "nothing", "nothing"},
      {"an erased record that was free: nobody loses by it", {erasure("245.7.0.2")}, {}, "245.7.0.1", "nothing"},
      {"an erasure of what is not there", {erasure("245.7.0.9")}, {}, "245.7.0.1", "nothing"},
      {"what is known already", {put("245.7.0.1", "a"), put("245.7.0.2", "b", false, 90s)}, {}, "245.7.0.1", "nothing"},
      {"a VIP that comes back", {put("245.7.0.2", "b")}, {"b"}, "245.7.0.1", "245.7.0.2"},
      {"another name in the line", {put("245.7.0.1", "b")}, {"a", "b"}, "nothing", "245.7.0.1"},
      {"host after host at one address",
       {put("245.7.0.1", "b"), put("245.7.0.1", "c", false), put("245.7.0.1", "d")},
       {"a", "b", "d"},
       "nothing",
       "nothing"},
      {"an address given, erased and given",
       {put("245.7.0.3", "b"), erasure("245.7.0.3"), put("245.7.0.3", "b")},
       {"b"},
       "245.7.0.1",
       "245.7.0.3"},
      {"a second VIP above the first: the lowest counts", {put("245.7.0.9", "a")}, {"a"}, "245.7.0.1", "nothing"},
      {"second VIPs below the first", {put("245.7.0.0", "a"), put("245.7.0.3", "a")}, {"a"}, "245.7.0.0", "nothing"},
      {"one of the other family", {put("fd00::1", "a")}, {"a"}, "245.7.0.1", "nothing"},
      {"one outside the pool", {put("10.1.1.1", "b")}, {"b"}, "245.7.0.1", "10.1.1.1"},
      {"a line without a host is none", {put("245.7.0.1", "")}, {"a"}, "nothing", "nothing"},
      {"times that can't be",
       {put("245.7.0.1", "a", true, -5s), put("245.7.0.2", "b", false, std::chrono::seconds::max())},
       {},
       "245.7.0.1",
       "nothing"},
  };
  for (const auto& row : rows) {
    SUBCASE(row.title) {
      CHECK(r.vips.adopt(row.changes) == row.concerned);
      CHECK(held(r, "a") == row.a);
      CHECK(held(r, "b") == row.b);
      r.vips.age(48h);
      CHECK(r.vips.take_changes().empty());
      CHECK(r.vips.freed_records().empty());
    }
  }
}

TEST_CASE("a follower proposes, frees and writes nothing") {
  auto r = follower({{address("245.7.0.1"), "a", true, 0s}, {address("245.7.0.2"), "a", true, 0s}});
  CHECK(r.assign("a") == "held 245.7.0.1");
  CHECK(r.pin("a", "245.7.0.9") == "held 245.7.0.1");
  CHECK(r.vips.assign("b", Family::V4).state == Assignment::State::Pending);
  CHECK(r.assign("b", Family::V6) == "no pool");
  CHECK(r.vips.assign("b", Family::V6, address("fd00::1")).state == Assignment::State::Pending);
  r.vips.release("a");
  r.vips.rename("a", "b");
  CHECK(held(r, "a") == "245.7.0.1");
  CHECK(held(r, "b") == "nothing");
  CHECK(r.vips.starved().empty());
  CHECK(r.vips.take_changes().empty());
}

TEST_CASE("a follower hides what is a literal, while it is one") {
  auto r = follower({{address("245.7.0.1"), "a", true, 0s}, {address("245.7.0.8"), "a", true, 0s}});
  CHECK(r.vips.add_literal(address("245.7.0.1")) == "a");
  CHECK(held(r, "a") == "245.7.0.8");
  SUBCASE("and the writer has not seen it") {
    r.vips.remove_literal(address("245.7.0.1"));
    CHECK(held(r, "a") == "245.7.0.1");
  }
  SUBCASE("and the writer took it out") {
    CHECK(r.vips.adopt(changes({erasure("245.7.0.1")})) == Hosts{"a"});
    r.vips.remove_literal(address("245.7.0.1"));
    CHECK(held(r, "a") == "245.7.0.8");
    CHECK(r.vips.find(address("245.7.0.1")) == nullptr);
  }
  SUBCASE("and the writer gives it to another") {
    r.vips.adopt(changes({put("245.7.0.1", "b")}));
    CHECK(held(r, "b") == "nothing");
    r.vips.remove_literal(address("245.7.0.1"));
    CHECK(held(r, "b") == "245.7.0.1");
  }
  CHECK(r.vips.take_changes().empty());
}

TEST_CASE("a follower that becomes the writer settles what it finds") {
  auto r = follower({{address("245.7.0.1"), "a", true, 0s}, {address("245.7.0.2"), "a", true, 0s}});
  r.vips.add_literal(address("245.7.0.1"));
  r.vips.load(std::vector<Record>{{address("245.7.0.1"), "a", true, 0s}, {address("245.7.0.2"), "a", true, 0s}});
  CHECK(r.assign("a") == "held 245.7.0.2");
  const auto written = r.vips.take_changes();
  REQUIRE(written.size() == 1);
  CHECK(written[0].erase);
  CHECK(written[0].record.address == address("245.7.0.1"));
}

TEST_CASE("a writer that is told of another's writes believes them") {
  Remembered r(pool_of({"245.7.0.0/24"}));
  r.vips.add_literal(address("245.7.0.9"));
  r.assign("a");
  r.commit();
  CHECK(r.vips.adopt(changes({put("245.7.0.1", "b"), put("245.7.0.9", "c"), put("245.7.0.2", "b")})) == Hosts{"b"});
  CHECK(r.assign("b") == "held 245.7.0.1");
  CHECK(held(r, "c") == "nothing");
  CHECK_MESSAGE(r.vips.find(address("245.7.0.9")) == nullptr, "it is a literal");
  CHECK(r.vips.take_changes().empty());
  r.vips.release("b");
  CHECK_MESSAGE(r.vips.take_changes().size() == 2, "both of its VIPs are freed");
}

TEST_CASE("an address that the writer frees goes on resting here from where it was") {
  Remembered r(pool_of({"245.7.0.5/32"}));
  r.vips.adopt(changes({put("245.7.0.5", "a", false, 3000s)}));
  r.vips.age(599s);
  CHECK(r.assign("b") == "exhausted");
  r.vips.age(1s);
  CHECK(r.assign("b") == "pending 245.7.0.5");
}

TEST_CASE("loading again forgets what was not written") {
  Remembered r(pool_of({"245.7.0.4/31"}));
  const auto vip = r.vip("a");
  r.assign("b");
  CHECK(r.assign("c") == "exhausted");
  const auto under_way = r.vips.take_changes();
  r.vips.release("a");
  r.vips.load(r.records());
  CHECK(r.assign("a") == "held " + vip);
  CHECK(r.vips.starved().empty());
  CHECK_MESSAGE(r.vips.committed(under_way).empty(), "it is the word of another life");
  CHECK(r.vips.take_changes().empty());
  const auto again = r.assign("b");
  CHECK(again.rfind("pending ", 0) == 0);
  CHECK(r.vips.committed(under_way).empty());
  CHECK(r.assign("b") == again);
  CHECK(r.commit() == Hosts{"b"});
}

TEST_CASE("a VIP that is another host's from now on") {
  Remembered r(pool_of({"245.7.0.0/24", "fd00::/120"}));
  const auto v4 = r.vip("a");
  const auto v6 = r.vip("a", Family::V6);

  SUBCASE("stays answered, and its line gets the other name") {
    r.vips.rename("a", "b");
    CHECK(r.assign("b") == "held " + v4);
    CHECK(r.assign("b", Family::V6) == "held " + v6);
    CHECK(held(r, "a") == "nothing");
    CHECK(r.commit().empty());
    CHECK(r.assign("b") == "held " + v4);
    CHECK(r.ledger.at(address(v4)) == Record{address(v4), "b", true, 0s});
    CHECK(r.vips.take_changes().empty());
  }
  SUBCASE("is written again if the batch was lost") {
    r.vips.rename("a", "b");
    r.vips.lost(r.vips.take_changes());
    CHECK(r.assign("b") == "held " + v4);
    r.commit();
    CHECK(r.ledger.at(address(v4)).host == "b");
  }
  SUBCASE("is the last one's, of several in a row") {
    r.vips.rename("a", "b");
    const auto first = r.vips.take_changes();
    r.vips.rename("b", "c");
    r.write(first);
    r.vips.committed(first);
    CHECK(r.assign("c") == "held " + v4);
    r.commit();
    CHECK(r.ledger.at(address(v4)).host == "c");
  }
  SUBCASE("is freed under its new name, and comes back under it") {
    r.vips.rename("a", "b");
    r.vips.release("b");
    CHECK(r.assign("b") == "held " + v4);
    r.commit();
    CHECK(r.ledger.at(address(v4)).host == "b");
  }
  SUBCASE("is not, where that host has one") {
    const auto own = r.vip("b");
    r.vips.rename("a", "b");
    CHECK(held(r, "a") == v4);
    CHECK(held(r, "b") == own);
    CHECK_MESSAGE(held(r, "b", Family::V6) == v6, "each family for itself");
  }
  SUBCASE("is not, if there is none, or it is the same host's") {
    r.vips.rename("nobody", "b");
    r.vips.rename("a", "a");
    CHECK(held(r, "a") == v4);
    CHECK(r.vips.take_changes().empty());
  }
  SUBCASE("leaves the other host to get a new one") {
    r.vips.rename("a", "b");
    CHECK(r.assign("a").rfind("pending ", 0) == 0);
    r.commit();
    CHECK(held(r, "a") != v4);
  }
}

TEST_CASE("a proposal that is renamed while it is being written waits for its own name") {
  Remembered r(pool_of({"245.7.0.0/24"}));
  const auto pending = r.assign("a");
  const auto first = r.vips.take_changes();
  r.vips.rename("a", "b");
  CHECK(r.assign("b") == pending);
  r.write(first);
  CHECK(r.vips.committed(first).empty());
  CHECK(r.assign("b") == pending);
  CHECK(r.commit() == Hosts{"b"});
}

TEST_CASE("a starved host that inherits a VIP waits no longer") {
  Remembered r(pool_of({"245.7.0.5/32"}));
  r.vip("a");
  CHECK(r.assign("b") == "exhausted");
  r.vips.rename("a", "b");
  CHECK(r.vips.starved().empty());
  CHECK(r.assign("b") == "held 245.7.0.5");
}
