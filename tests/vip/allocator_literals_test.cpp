#include "vip/remembered.hpp"

using namespace meridian::vip;
using namespace std::chrono_literals;

TEST_CASE("the user's literal address wins over a VIP") {
  Remembered r(pool_of({"245.7.0.4/30"}));
  const auto old = r.vip("a");
  CHECK(r.vips.add_literal(address(old)) == "a");
  CHECK_MESSAGE(r.vips.find(address(old)) == nullptr, "the address is the user's");
  const auto fresh = r.vip("a");
  CHECK(fresh != old);
  CHECK(r.ledger.size() == 1);
  CHECK(r.ledger.count(address(fresh)) == 1);
}

TEST_CASE("a literal is given to nobody as long as one entry names it") {
  Remembered r(pool_of({"245.7.0.5/32"}));
  const auto five = address("245.7.0.5");
  CHECK_FALSE(r.vips.add_literal(five).has_value());
  CHECK_FALSE(r.vips.add_literal(five).has_value());
  CHECK(r.assign("a") == "exhausted");
  r.vips.remove_literal(five);
  CHECK(r.assign("a") == "exhausted");
  CHECK_FALSE(r.vips.age(10s));
  r.vips.remove_literal(five);
  CHECK_MESSAGE(r.vips.age(10s), "space came free");
  CHECK_MESSAGE(r.assign("a") == "pending 245.7.0.5", "it had never been ours: free at once");
}

TEST_CASE("a literal that had been somebody's VIP rests when it goes") {
  Remembered r(pool_of({"245.7.0.5/32"}));
  r.vip("a");
  r.vips.add_literal(address("245.7.0.5"));
  r.vips.release("a");
  r.vips.age(2h);
  r.vips.remove_literal(address("245.7.0.5"));
  CHECK_MESSAGE(r.assign("b") == "exhausted", "clients may still have the entry's address");
  r.vips.age(1h);
  CHECK(r.assign("b") == "pending 245.7.0.5");
}

TEST_CASE("a freed VIP that becomes a literal does not come back to its host") {
  Remembered r(pool_of({"245.7.0.4/30"}));
  const auto old = r.vip("a");
  r.vips.release("a");
  CHECK_FALSE_MESSAGE(r.vips.add_literal(address(old)).has_value(), "nobody loses anything");
  CHECK(r.vip("a") != old);
}

TEST_CASE("literals outside the pool and unknown ones do no harm") {
  Remembered r(pool_of({"245.7.0.5/32"}));
  CHECK_FALSE(r.vips.add_literal(address("10.0.0.1")).has_value());
  r.vips.remove_literal(address("10.0.0.1"));
  r.vips.remove_literal(address("10.0.0.2"));
  r.vips.remove_literal(address("245.7.0.5"));
  CHECK(r.vip("a") == "245.7.0.5");
  CHECK(r.vips.usage(*Network::parse("245.7.0.5/32")).free == 0);
}

TEST_CASE("a literal that is known before the ledger is read takes its record out") {
  Remembered r(pool_of({"245.7.0.4/30"}));
  r.vips.add_literal(address("245.7.0.5"));
  const Record record{address("245.7.0.5"), "a", true, 0s};
  r.ledger[record.address] = record;
  r.vips.load(std::vector{record});
  CHECK(r.vip("a") != "245.7.0.5");
  CHECK(r.ledger.count(record.address) == 0);
}
