#include "vip/remembered.hpp"

using namespace meridian::vip;
using namespace std::chrono_literals;

namespace {

Remembered small() {
  return Remembered(pool_of({"245.7.0.0/24"}));
}

}  // namespace

TEST_CASE("what the ledger holds is answered at once") {
  auto r = small();
  struct {
    const char* title;
    const char* address;
  } rows[] = {{"in the pool", "245.7.0.9"}, {"outside it", "10.1.1.1"}, {"in what is always excluded", "240.240.0.1"}};
  for (const auto& row : rows) {
    SUBCASE(row.title) {
      r.vips.load(std::vector<Record>{{address(row.address), "a", true, 0s}});
      CHECK(r.assign("a") == std::string("held ") + row.address);
      CHECK(r.vips.take_changes().empty());
    }
  }
}

TEST_CASE("records that contradict each other: the first is kept, the others are freed") {
  auto r = small();
  r.vips.load(std::vector<Record>{{address("245.7.0.9"), "a", true, 0s},
                                  {address("245.7.0.10"), "a", true, 0s},
                                  {address("fd00::1"), "a", true, 0s},
                                  {address("245.7.0.9"), "b", true, 0s},
                                  {address("245.7.0.12"), "", true, 0s}});
  CHECK(r.assign("a") == "held 245.7.0.9");
  CHECK_MESSAGE(r.assign("a", Family::V6) == "held fd00::1", "one of each family is no contradiction");
  CHECK(r.assign("b") != "held 245.7.0.9");
  r.commit();
  CHECK(r.vips.find(address("245.7.0.9"))->host == "a");
  CHECK(r.ledger.at(address("245.7.0.10")) == Record{address("245.7.0.10"), "a", false, 0s});
  CHECK(r.ledger.count(address("245.7.0.12")) == 0);
}

TEST_CASE("quarantine goes on after a restart where the ledger says it was") {
  Remembered r(pool_of({"245.7.0.5/32"}));
  r.vips.load(std::vector<Record>{{address("245.7.0.5"), "a", false, 3000s}});
  CHECK(r.assign("b") == "exhausted");
  r.vips.age(599s);
  CHECK(r.assign("b") == "exhausted");
  r.vips.age(1s);
  CHECK(r.assign("b") == "pending 245.7.0.5");
}

TEST_CASE("a host released while its proposal is being written is not held") {
  auto r = small();
  const auto pending = r.assign("a");
  const auto first = r.vips.take_changes();
  r.vips.release("a");
  CHECK(r.vips.committed(first).empty());
  CHECK(r.assign("a") == pending);
  r.commit();
  CHECK(r.assign("a") == "held " + pending.substr(8));
}

TEST_CASE("only the last write of an address makes its host held") {
  auto r = small();
  const auto pending = r.assign("a");
  const auto vip = pending.substr(8);
  const auto first = r.vips.take_changes();
  r.vips.release("a");
  const auto second = r.vips.take_changes();
  CHECK(r.assign("a") == pending);
  const auto third = r.vips.take_changes();
  CHECK_MESSAGE(r.vips.committed(first).empty(), "a crash between the second and the third would find it freed");
  CHECK(r.vips.committed(second).empty());
  CHECK(r.assign("a") == pending);
  CHECK(r.vips.committed(third) == std::vector<std::string>{"a"});
  CHECK(r.assign("a") == "held " + vip);
}

TEST_CASE("a host that went and came between two commits was never away") {
  auto r = small();
  const auto vip = r.vip("a");
  r.vips.release("a");
  CHECK(r.assign("a") == "held " + vip);
  CHECK(r.vips.take_changes().empty());
}

TEST_CASE("the age of what was just freed is not written before the freeing itself") {
  auto r = small();
  const auto vip = r.vip("a");
  r.vips.release("a");
  CHECK(r.vips.freed_records().empty());
  CHECK_MESSAGE(r.assign("a") == "held " + vip, "the ledger still says so");
  r.vips.release("a");
  r.commit();
  CHECK(r.vips.freed_records().size() == 1);
}

TEST_CASE("a batch frees before it gives") {
  auto r = small();
  const auto old = r.vip("a");
  r.pin("a", "245.7.0.1");
  const auto changes = r.vips.take_changes();
  REQUIRE(changes.size() == 2);
  CHECK(changes[0].record == Record{address(old), "a", false, 0s});
  CHECK(changes[1].record == Record{address("245.7.0.1"), "a", true, 0s});
}

TEST_CASE("an address that changes hands within one batch is written once") {
  Remembered r(pool_of({"245.7.0.5/32"}));
  r.vip("a");
  r.vips.release("a");
  r.vips.age(1h);
  r.assign("b");
  const auto changes = r.vips.take_changes();
  REQUIRE(changes.size() == 1);
  CHECK(changes[0].record == Record{address("245.7.0.5"), "b", true, 0s});
}

TEST_CASE("a batch that was lost is in the next one, as far as it is still true") {
  auto r = small();
  r.assign("a");
  r.assign("b");
  const auto lost = r.vips.take_changes();
  r.vips.release("b");
  r.vips.lost(lost);
  CHECK(r.commit() == std::vector<std::string>{"a"});
  CHECK(r.assign("a").rfind("held ", 0) == 0);
  CHECK(r.ledger.size() == 2);
}

TEST_CASE("a batch may be committed again and again") {
  auto r = small();
  r.assign("a");
  const auto changes = r.vips.take_changes();
  CHECK(r.vips.committed(changes).size() == 1);
  CHECK(r.vips.committed(changes).empty());
}
