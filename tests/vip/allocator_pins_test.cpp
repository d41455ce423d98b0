#include "vip/remembered.hpp"

using namespace meridian::vip;
using namespace std::chrono_literals;

namespace {

Remembered small() {
  return Remembered(pool_of({"245.7.0.0/24"}, {"245.7.0.128/25"}));
}

}  // namespace

TEST_CASE("a pin is given where it can be") {
  struct {
    const char* title;
    const char* pin;
  } rows[] = {{"inside the pool", "245.7.0.9"}, {"outside the pools", "10.9.9.9"}};
  for (const auto& row : rows) {
    SUBCASE(row.title) {
      auto r = small();
      CHECK(r.pin("a", row.pin) == std::string("pending ") + row.pin);
      CHECK(r.note.empty());
      r.commit();
      CHECK(r.pin("a", row.pin) == std::string("held ") + row.pin);
      CHECK_MESSAGE(r.assign("a") == std::string("held ") + row.pin, "a pin that is taken away moves nothing");
    }
  }
}

TEST_CASE("a pin that can't be had is an ordinary VIP and a note") {
  auto r = small();
  r.vips.add_literal(address("245.7.0.20"));
  r.pin("older", "245.7.0.9");
  r.pin("gone", "245.7.0.30");
  r.commit();
  r.vips.release("gone");
  struct {
    const char* title;
    const char* pin;
    const char* note;
  } rows[] = {
      {"always excluded", "240.240.0.5", "pin 240.240.0.5 is excluded from being a VIP"},
      {"last octet 255", "10.0.0.255", "pin 10.0.0.255 is excluded from being a VIP"},
      {"loopback", "127.0.0.1", "pin 127.0.0.1 is excluded from being a VIP"},
      {"excluded by the operator", "245.7.0.200", "pin 245.7.0.200 is excluded from being a VIP"},
      {"a literal", "245.7.0.20", "pin 245.7.0.20 is a literal address of an entry"},
      {"of an older host", "245.7.0.9", "pin 245.7.0.9 is the VIP of older"},
      {"in quarantine", "245.7.0.30", "pin 245.7.0.30 was the VIP of gone and is in quarantine"},
  };
  for (const auto& row : rows) {
    SUBCASE(row.title) {
      const auto got = r.pin("a", row.pin);
      CHECK(r.note == row.note);
      CHECK(got.rfind("pending 245.7.0.", 0) == 0);
      CHECK(got != std::string("pending ") + row.pin);
      CHECK_MESSAGE(r.pin("a", row.pin) == got, "and stays so");
    }
  }
}

TEST_CASE("a pin frees the VIP that the host had") {
  auto r = small();
  const auto old = r.vip("a");
  CHECK(r.pin("a", "245.7.0.9") == "pending 245.7.0.9");
  r.commit();
  CHECK(r.pin("a", "245.7.0.9") == "held 245.7.0.9");
  CHECK(r.ledger.at(address(old)) == Record{address(old), "a", false, 0s});
  CHECK_MESSAGE(r.pin("b", old) != "pending " + old, "the old one is in quarantine");
  CHECK_MESSAGE(r.pin("a", old) == "pending " + old, "but not for its own host");
}

TEST_CASE("a pin takes what another host left, after its quarantine") {
  auto r = small();
  r.pin("gone", "245.7.0.30");
  r.vips.release("gone");
  r.vips.age(1h);
  CHECK(r.pin("a", "245.7.0.30") == "pending 245.7.0.30");
  r.commit();
  CHECK(r.ledger.size() == 1);
}

TEST_CASE("a pin of the other family concerns the other family") {
  Remembered r(pool_of({"245.7.0.0/24"}));
  const auto pin = std::optional(address("fd00::9"));
  CHECK(r.assign("a", Family::V4, pin).rfind("pending 245.7.0.", 0) == 0);
  CHECK(r.note.empty());
  CHECK_MESSAGE(r.assign("a", Family::V6, pin) == "pending fd00::9", "a pin may lie outside the pools");
}

TEST_CASE("a literal takes a pin away") {
  auto r = small();
  r.pin("a", "245.7.0.9");
  r.commit();
  CHECK(r.vips.add_literal(address("245.7.0.9")) == "a");
  CHECK(r.pin("a", "245.7.0.9") != "pending 245.7.0.9");
  CHECK(r.note == "pin 245.7.0.9 is a literal address of an entry");
}

TEST_CASE("a pin works in an exhausted pool") {
  Remembered r(pool_of({"245.7.0.5/32"}));
  r.vip("a");
  CHECK(r.assign("b") == "exhausted");
  CHECK(r.pin("b", "245.7.0.6") == "pending 245.7.0.6");
  CHECK(r.vips.starved().empty());
}
