#include "control/mass_delete_guard.hpp"

#include <doctest/doctest.h>

using meridian::control::HostCounts;
using meridian::control::MassDeleteGuard;
using std::chrono::seconds;

namespace {
const MassDeleteGuard::Clock::time_point kStart{};
}

TEST_CASE("one look at the mass-delete guard") {
  struct {
    const char* title;
    unsigned percent;
    HostCounts dropped, present;
    bool allowed;
  } cases[] = {
      {"half of a zone of 20 may go", 50, {{"global", 10}}, {{"global", 20}}, true},
      {"more than half may not", 50, {{"global", 11}}, {{"global", 20}}, false},
      {"a zone of 19 is not guarded", 50, {{"global", 19}}, {{"global", 19}}, true},
      {"0 % switches the guard off", 0, {{"global", 1000}}, {{"global", 1000}}, true},
      {"100 % lets everything go", 100, {{"global", 1000}}, {{"global", 1000}}, true},
      {"each zone is judged by itself", 50, {{"eu.global", 20}}, {{"eu.global", 20}, {"global", 100000}}, false},
      {"nothing dropped is nothing to judge", 50, {}, {{"global", 20}}, true},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      CHECK(MassDeleteGuard(c.percent).allow(c.dropped, c.present, kStart) == c.allowed);
    }
  }
}

TEST_CASE("deletions one by one, as a deleted CRD sends them") {
  MassDeleteGuard guard(50);
  std::size_t present = 100, allowed = 0;
  while (guard.allow({{"global", 1}}, {{"global", present}}, kStart + std::chrono::milliseconds(allowed))) {
    --present;
    ++allowed;
  }
  CHECK(allowed == 50);

  SUBCASE("a run that is over no longer counts") {
    CHECK(guard.allow({{"global", 25}}, {{"global", present}}, kStart + seconds(11)));
    CHECK_FALSE(guard.allow({{"global", 1}}, {{"global", 25}}, kStart + seconds(11)));
  }
  SUBCASE("what was refused did not go and does not count") {
    CHECK(guard.allow({{"global", 25}}, {{"global", present}}, kStart + seconds(11)));
  }
}
