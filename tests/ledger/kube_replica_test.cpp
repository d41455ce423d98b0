// One replica of the shared ledger, and what can happen to it: by hand, by the network, by its Lease.

#include "ledger/kube_replica.hpp"

#include "ledger/conformance.hpp"
#include "ledger/kube_bench.hpp"

namespace meridian::ledger::bench {
namespace {

// A replica that leads and has loaded, on shards of two lines.
struct Led : Bench {
  Led() { lead(*one); }
  void lead(Replica& replica) {
    replica.wire.set_held(true);
    settle({&replica});
    REQUIRE(replica.ledger->writable());
    reload(replica);
  }
  Records reload(Replica& replica) {
    const auto call = load(replica);
    settle({&replica});
    REQUIRE(call->done);
    replica.news.clear();
    return call->value.value_or(Records{});
  }
  // Whether it was taken; what is under way is let through.
  std::string write(Replica& replica, Changes changes) {
    const auto call = commit(replica, std::move(changes));
    settle({&replica});
    REQUIRE(call->done);
    return call->value ? "" : call->refused;
  }
  std::unique_ptr<Replica> one = replica("one", 40);
};

const Changes kThree{put(record("245.0.0.1", "a")), put(record("245.0.0.2", "b")), put(record("245.0.0.3", "c"))};
const Records kThreeRecords{record("245.0.0.1", "a"), record("245.0.0.2", "b"), record("245.0.0.3", "c")};

}  // namespace

TEST_CASE("a shard that somebody touches under a leader is as it was when the leader has seen it") {
  struct {
    const char* title;
    void (*touch)(Cluster& cluster);
  } rows[] = {
      {"a line is deleted", [](Cluster& c) { c.edit(0, [](Shard& s) { s.lines.clear(); }); }},
      {"a line gets another host",
       [](Cluster& c) { c.edit(0, [](Shard& s) { s.lines.begin()->second.record.host = "x"; }); }},
      {"a line is added",
       [](Cluster& c) {
         c.edit(0, [](Shard& s) { s.lines[record("245.9.9.9", "").address] = {record("245.9.9.9", "x"), 0}; });
       }},
      {"nonsense is added", [](Cluster& c) { c.edit(0, [](Shard& s) { s.damaged.emplace_back("x", "{"); }); }},
      {"its label goes", [](Cluster& c) { c.edit(0, [](Shard& s) { s.labelled = false; }); }},
      {"its epoch goes", [](Cluster& c) { c.edit(0, [](Shard& s) { s.epoch = 0, s.holder = ""; }); }},
      {"its number of shards goes", [](Cluster& c) { c.edit(0, [](Shard& s) { s.shards = 0; }); }},
      {"it is deleted", [](Cluster& c) { c.remove(0); }},
      {"all are deleted",
       [](Cluster& c) {
         while (!c.shards.empty()) c.remove(c.shards.begin()->first);
       }},
  };
  for (const auto& row : rows) {
    for (const bool seen_by_watch : {true, false}) {
      CAPTURE(std::string(row.title));
      CAPTURE(seen_by_watch);
      Led bench;
      REQUIRE(bench.write(*bench.one, kThree).empty());
      const auto before = bench.cluster.shards;
      REQUIRE(before.size() > 1);
      row.touch(bench.cluster);
      if (!seen_by_watch) bench.one->wire.events.clear();
      bench.settle({bench.one.get()});
      CHECK(bench
                .write(*bench.one, {put(record("245.0.0.1", "a", false, 5)), put(record("245.0.0.2", "b", false, 5)),
                                    put(record("245.0.0.3", "c", false, 5))})
                .empty());
      for (const auto& [number, shard] : before) {
        const auto& now = bench.cluster.shards.at(number);
        CHECK(now.labelled);
        CHECK(now.holder == "one");
        CHECK(now.epoch == shard.epoch);
        CHECK(now.shards == shard.shards);
        CHECK(now.damaged.empty());
      }
      CHECK(bench.cluster.records() == Records{record("245.0.0.1", "a", false, 5), record("245.0.0.2", "b", false, 5),
                                               record("245.0.0.3", "c", false, 5)});
      CHECK_MESSAGE(bench.one->news.empty(), "nobody has to load again");
    }
  }
}

TEST_CASE("a write without an answer is looked after before it is repeated") {
  Led bench;
  auto& wire = bench.one->wire;
  for (const bool landed : {true, false}) {
    for (const bool late : {true, false}) {
      CAPTURE(landed);
      CAPTURE(late);
      const Changes change{put(record("245.0.0.1", landed ? "a" : "b"))};
      const auto call = bench.commit(*bench.one, change);
      bench.turn();
      REQUIRE(wire.under_way.size() == 1);
      if (landed) wire.land();
      wire.cut(!late);
      bench.turn();
      CHECK(call->refused == "cut");
      CHECK_MESSAGE(bench.one->ledger->writable(), "it is still ours");
      if (!wire.adrift.empty()) wire.land_adrift();
      CHECK(bench.write(*bench.one, change).empty());
      CHECK(bench.cluster.records() == Records{change[0].record});
      REQUIRE(bench.write(*bench.one, {erase("245.0.0.1")}).empty());
    }
  }
}

TEST_CASE("whatever ends a take-over or a look at a shard, it is tried again") {
  for (const bool strange : {false, true}) {
    CAPTURE(strange);
    Bench bench;
    auto one = bench.replica("one", 40);
    one->wire.strange = strange;
    one->wire.set_held(true);
    for (int tries = 0; tries < 3; ++tries) {
      bench.turn();
      REQUIRE(one->wire.under_way.size() == 1);
      one->wire.cut(true);
    }
    bench.turn();
    CHECK(one->ledger->trouble() == "cut");
    bench.settle({one.get()});
    REQUIRE(one->ledger->writable());

    bench.cluster.edit(0, [](Shard& shard) { shard.labelled = false; });
    one->wire.tell_event();
    for (int tries = 0; tries < 3; ++tries) {
      bench.turn();
      REQUIRE(one->wire.under_way.size() == 1);
      one->wire.cut(true);
    }
    bench.turn();
    CHECK(one->ledger->trouble() == "cut");
    bench.settle({one.get()});
    CHECK(one->ledger->trouble().empty());
    CHECK(bench.cluster.shards.at(0).labelled);
  }
}

TEST_CASE("a leader that slept while another took over") {
  Led bench;
  REQUIRE(bench.write(*bench.one, kThree).empty());
  auto two = bench.replica("two", 40);
  SUBCASE("has what it had begun refused, and tells that everything is to be loaded again") {
    const auto call = bench.commit(*bench.one, {put(record("245.0.0.1", "a", false)), put(record("245.0.0.4", "d"))});
    bench.turn();
    bench.one->wire.held = true;  // it believes so: its clock stood still
    two->wire.set_held(true);
    bench.settle({two.get()});
    REQUIRE(two->ledger->writable());
    bench.settle({bench.one.get()});
    CHECK_FALSE(call->value.has_value());
    CHECK(call->refused.find("taken over by two") != std::string::npos);
    CHECK(bench.cluster.records() == kThreeRecords);
  }
  SUBCASE("writes nothing when it sees that its time is over") {
    bench.one->wire.held = false;
    const auto before = bench.cluster.shards;
    CHECK_FALSE(bench.one->ledger->writable());
    CHECK_FALSE(bench.write(*bench.one, {put(record("245.0.0.4", "d"))}).empty());
    CHECK(bench.one->news.size() == 1);
    CHECK(bench.one->news[0].reload);
    CHECK_MESSAGE(bench.reload(*bench.one) == kThreeRecords, "what it knows is answered on");
    CHECK(bench.cluster.records() == kThreeRecords);
  }
}

TEST_CASE("a commit of what was decided on the records of another term is refused") {
  Led bench;
  REQUIRE(bench.write(*bench.one, kThree).empty());
  bench.one->wire.set_held(false);
  bench.settle({bench.one.get()});
  bench.one->wire.set_held(true);
  bench.settle({bench.one.get()});
  REQUIRE(bench.one->ledger->writable());
  CHECK(bench.write(*bench.one, {erase("245.0.0.1")}).find("are to be loaded") != std::string::npos);
  CHECK(bench.reload(*bench.one) == kThreeRecords);
  CHECK(bench.write(*bench.one, {erase("245.0.0.1")}).empty());
}

TEST_CASE("a follower") {
  Led bench;
  REQUIRE(bench.write(*bench.one, kThree).empty());
  auto two = bench.replica("two", 40);
  two->wire.relist();
  REQUIRE(bench.reload(*two) == kThreeRecords);
  SUBCASE("is told what the leader writes, what frees first") {
    REQUIRE(bench.write(*bench.one, {put(record("245.0.0.9", "a")), put(record("245.0.0.1", "a", false, 1))}).empty());
    bench.settle({two.get()});
    Changes told;
    for (const auto& news : two->news) told.insert(told.end(), news.changes.begin(), news.changes.end());
    REQUIRE(told.size() == 2);
    CHECK(told[0].record == record("245.0.0.1", "a", false, 1));
    CHECK(told[1].record == record("245.0.0.9", "a"));
  }
  SUBCASE("may not write") {
    CHECK(bench.write(*two, {erase("245.0.0.1")}).find("can't be written") != std::string::npos);
  }
  SUBCASE("answers on what a deleted shard held, and gives it back when it leads") {
    bench.cluster.remove(0);
    bench.cluster.remove(1);
    bench.settle({two.get()});
    CHECK(two->news.empty());
    bench.one.reset();
    bench.lead(*two);
    CHECK(bench.cluster.records() == kThreeRecords);
    CHECK(bench.cluster.shards.at(0).epoch == 2);
  }
}

TEST_CASE("a start without the API server answers from the mirror, and loads again when it is there") {
  Led bench;
  REQUIRE(bench.write(*bench.one, kThree).empty());
  auto two = bench.replica("two", 40);
  for (const auto& r : {record("245.0.0.1", "a"), record("245.0.0.8", "old")}) two->mirror->emplace(r.address, r);
  CHECK(bench.reload(*two) == Records{record("245.0.0.1", "a"), record("245.0.0.8", "old")});
  CHECK_FALSE(two->ledger->writable());
  two->wire.relist();
  bench.settle({two.get()});
  REQUIRE(two->news.size() == 1);
  CHECK(two->news[0].reload);
  CHECK(bench.reload(*two) == kThreeRecords);
}

TEST_CASE("a ledger that is lost altogether is made again from the mirror of who leads") {
  Bench bench;
  auto one = bench.replica("one", 40);
  for (const auto& r : kThreeRecords) one->mirror->emplace(r.address, r);
  one->wire.set_held(true);
  bench.settle({one.get()});
  REQUIRE(one->ledger->writable());
  CHECK(bench.cluster.records() == kThreeRecords);
}

TEST_CASE("what contradicts itself in the shards is settled by the next leader, and reported: the older epoch holds") {
  Bench bench;
  const auto line = [](const char* address, const char* host, std::uint64_t epoch) {
    return std::pair(record(address, "").address, Line{record(address, host), epoch});
  };
  bench.cluster.shards[0].lines = {line("245.0.0.1", "a", 4), line("245.0.0.2", "b", 2)};
  bench.cluster.shards[1].lines = {line("245.0.0.3", "a", 3), line("245.0.0.2", "c", 1)};
  for (int number : {0, 1}) {
    bench.cluster.shards[number].number = number;
    bench.cluster.edit(number, [](Shard& shard) { shard.epoch = 7; });
  }
  auto one = bench.replica("one");
  one->wire.set_held(true);
  bench.settle({one.get()});
  REQUIRE(one->ledger->writable());
  CHECK(one->ledger->conflicts() == 2);
  CHECK(bench.cluster.shards.at(0).epoch == 8);
  CHECK(bench.cluster.records() ==
        Records{record("245.0.0.1", "a", false), record("245.0.0.2", "c"), record("245.0.0.3", "a")});
}

TEST_CASE("a ledger that is closed lets go of the right to write, and takes nothing any more") {
  Led bench;
  bool closed = false;
  asio::co_spawn(bench.loop, bench.one->ledger->close(), [&](std::exception_ptr e) { closed = e == nullptr; });
  bench.settle({bench.one.get()});
  run_until(bench.loop, [&] { return closed; });
  CHECK_FALSE(bench.one->wire.held);
  CHECK_FALSE(bench.one->ledger->writable());
  CHECK_FALSE(bench.write(*bench.one, kThree).empty());
}

}  // namespace meridian::ledger::bench
