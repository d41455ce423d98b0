// Whether hosts of one entry share a VIP is the ledger's to say: who writes it there, who has it from there, and how
// long it stays.

#include "ledger/conformance.hpp"
#include "ledger/kube_bench.hpp"

namespace meridian::ledger::bench {
namespace {

using Replicas = std::vector<Bench::Replica*>;

void lead(Bench& bench, Bench::Replica& replica) {
  replica.wire.set_held(true);
  bench.settle({&replica});
  REQUIRE(replica.ledger->writable());
}

Records load_all(Bench& bench, Bench::Replica& replica) {
  const auto call = bench.load(replica);
  bench.settle({&replica});
  REQUIRE(call->done);
  replica.news.clear();
  return call->value.value_or(Records{});
}

bool reloads(const Bench::Replica& replica) {
  return std::ranges::any_of(replica.news, &News::reload);
}

const Records kOne{record("245.0.0.1", "a")};

}  // namespace

TEST_CASE("a ledger shares as it says itself, or as its leader is configured, and goes on with that") {
  struct {
    const char* title;
    bool noted_before;
    bool configured;
    bool shares;
  } rows[] = {
      {"nobody wants it", false, false, false},
      {"the leader does", false, true, true},
      {"one before did", true, false, true},
      {"both", true, true, true},
  };
  for (const auto& row : rows) {
    CAPTURE(std::string(row.title));
    Bench bench;
    if (row.noted_before) lead(bench, *bench.replica("before", 40, true));
    auto one = bench.replica("one", 40, row.configured);
    auto reader = bench.replica("reader", 40);
    lead(bench, *one);
    reader->wire.relist();
    bench.settle({one.get(), reader.get()});
    CHECK(bench.cluster.shards.at(0).per_entry == row.shares);
    CHECK(one->ledger->shares() == row.shares);
    CHECK(reader->ledger->shares() == row.shares);
  }
}

TEST_CASE("a follower has to load again when the note comes or goes, and only then") {
  Bench bench;
  auto one = bench.replica("one", 40);
  lead(bench, *one);
  one.reset();
  auto reader = bench.replica("reader", 40);
  reader->wire.relist();
  load_all(bench, *reader);
  for (const bool now : {true, true, false, false}) {
    CAPTURE(now);
    const bool before = reader->ledger->shares();
    bench.cluster.edit(0, [&](Shard& shard) { shard.per_entry = now; });
    bench.settle({reader.get()});
    CHECK(reader->ledger->shares() == now);
    CHECK(reloads(*reader) == (before != now));
    load_all(bench, *reader);
  }
}

TEST_CASE("a note that somebody takes away under a leader is written again; one that somebody sets stays") {
  for (const bool configured : {true, false}) {
    CAPTURE(configured);
    Bench bench;
    auto one = bench.replica("one", 40, configured);
    lead(bench, *one);
    load_all(bench, *one);
    bench.cluster.edit(0, [&](Shard& shard) { shard.per_entry = !configured; });
    bench.settle({one.get()});
    CHECK(bench.cluster.shards.at(0).per_entry);
    CHECK(one->ledger->shares());
    CHECK(reloads(*one) == !configured);
    bench.cluster.edit(0, [&](Shard& shard) { shard.per_entry = false; });
    bench.settle({one.get()});
    CHECK(bench.cluster.shards.at(0).per_entry);
  }
}

TEST_CASE("the mirror knows of the note") {
  Bench bench;
  auto one = bench.replica("one", 40, true);
  lead(bench, *one);
  load_all(bench, *one);
  const auto call = bench.commit(*one, {put(kOne[0])});
  bench.settle({one.get()});
  REQUIRE(call->value.has_value());
  auto before = bench.replica("before", 40);
  before->wire.relist();
  CHECK(load_all(bench, *before) == kOne);
  run_until(bench.loop, [&] { return before->mirror->size() == 2; });

  auto reader = bench.replica("reader", 40);
  *reader->mirror = *before->mirror;
  SUBCASE("at a start without the API server") {
    CHECK_FALSE(reader->ledger->shares());
    CHECK(load_all(bench, *reader) == kOne);
    CHECK(reader->ledger->shares());
    reader->wire.relist();
    bench.settle({reader.get()});
    CHECK(load_all(bench, *reader) == kOne);
    CHECK(reader->ledger->shares());
  }
  SUBCASE("and it is written again if the ledger is lost altogether") {
    one.reset();
    bench.cluster.shards.clear();
    lead(bench, *reader);
    CHECK(bench.cluster.records() == kOne);
    CHECK(bench.cluster.shards.at(0).per_entry);
    CHECK(reader->ledger->shares());
  }
  SUBCASE("until it is gone") {
    one.reset();
    bench.cluster.edit(0, [](Shard& shard) { shard.per_entry = false; });
    bench.settle({before.get()});
    run_until(bench.loop, [&] { return before->mirror->size() == 1; });
    *reader->mirror = *before->mirror;
    CHECK(load_all(bench, *reader) == kOne);
    CHECK_FALSE(reader->ledger->shares());
  }
}

}  // namespace meridian::ledger::bench
