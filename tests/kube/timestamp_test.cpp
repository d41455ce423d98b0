#include "kube/timestamp.hpp"

#include <doctest/doctest.h>

#include <utility>

namespace meridian::kube {
namespace {

TEST_CASE("times of RFC 3339") {
  using namespace std::chrono;
  const auto day = sys_days(year(2026) / 2 / 28);
  const std::pair<const char*, WallTime> good[] = {
      {"2026-02-28T12:34:56Z", day + hours(12) + minutes(34) + seconds(56)},
      {"2026-02-28t12:34:56.789z", day + hours(12) + minutes(34) + seconds(56)},
      {"2026-02-28T00:30:00+01:00", day - minutes(30)},
      {"2026-02-28T23:30:00-01:30", day + hours(25)},
      {"9999-12-31T00:00:00Z", sys_days(year(2200) / 12 / 31)},  // as far as the clock goes
  };
  for (const auto& [text, time] : good) {
    CAPTURE(text);
    CHECK(parse_time(text) == time);
  }
  for (const char* text :
       {"", "2026-02-28", "2026-02-30T00:00:00Z", "2026-02-28T24:00:00Z", "2026-02-28T00:00:00",
        "2026-02-28T00:00:00Zx", "2026-02-28 00:00:00Z", "2026-02-28T00:00:00+1:00", "-026-02-28T00:00:00Z"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_time(text).has_value());
  }
}

TEST_CASE("a moment in Kubernetes' words") {
  using namespace std::chrono;
  const struct {
    const char* title;
    WallTime time;
    const char *seconds, *microseconds;
  } cases[] = {
      {"whole", WallTime(seconds(1735787045)), "2025-01-02T03:04:05Z", "2025-01-02T03:04:05.000000Z"},
      {"with microseconds", WallTime(microseconds(1735787045000006)), "2025-01-02T03:04:05Z",
       "2025-01-02T03:04:05.000006Z"},
      {"with less, which is cut off", WallTime(nanoseconds(1735787045999999999)), "2025-01-02T03:04:05Z",
       "2025-01-02T03:04:05.999999Z"},
      {"before 1970", WallTime(microseconds(-1)), "1969-12-31T23:59:59Z", "1969-12-31T23:59:59.999999Z"},
  };
  for (const auto& each : cases) {
    CAPTURE(each.title);
    CHECK(to_seconds(each.time) == each.seconds);
    CHECK(to_microseconds(each.time) == each.microseconds);
  }
}

}  // namespace
}  // namespace meridian::kube
