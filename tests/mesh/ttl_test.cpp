#include <doctest/doctest.h>

#include <string>

#include <meridian/mesh/ttl.hpp>

using namespace meridian::mesh;

TEST_CASE("the ttl annotation is a duration") {
  constexpr long long kNone = -1;
  struct {
    const char* title;
    const char* text;
    long long seconds;
  } cases[] = {
      {"in seconds", "30s", 30},
      {"in minutes", "5m", 300},
      {"in hours", "1h", 3600},
      {"in several units, as Go prints it", "1h1m1s", 3661},
      {"in milliseconds that make whole seconds", "2000ms", 2},
      {"with a part of a second, which counts as one", "250ms", 1},
      {"with a part of a second on top", "1500ms", 2},
      {"zero forbids keeping the answer", "0s", 0},
      {"up to 2^31 - 1", "2147483647s", 2147483647},
      {"not 2^31", "2147483648s", kNone},
      {"not 2^31 by rounding up", "2147483647001ms", kNone},
      {"not 2^31 in several pieces", "2147483647s1s", kNone},
      {"not more than a number holds", "99999999999999999999s", kNone},
      {"not more than 64 bits of milliseconds", "9223372036854775807h", kNone},
      {"not without a unit", "30", kNone},
      {"not without a number", "s", kNone},
      {"not with an unknown unit", "3d", kNone},
      {"not negative", "-30s", kNone},
      {"not with a fraction", "1.5s", kNone},
      {"not with blanks", "30 s", kNone},
      {"not empty", "", kNone},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      const auto ttl = parse_ttl(c.text);
      CHECK((ttl ? static_cast<long long>(ttl->count()) : kNone) == c.seconds);
    }
  }
}
