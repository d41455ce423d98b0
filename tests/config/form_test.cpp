#include "config/form.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace meridian::config;
using namespace std::chrono_literals;

TEST_CASE("durations are a number and a unit") {
  const auto form = duration(1ms, 2h);
  struct {
    const char* text;
    long long ms;  // -1: refused
  } cases[] = {
      {"1ms", 1},
      {"250ms", 250},
      {"30s", 30'000},
      {"5m", 300'000},
      {"1h", 3'600'000},
      {"2h", 7'200'000},
      {"007s", 7000},
      {"0s", -1},
      {"3h", -1},
      {"30", -1},
      {"s", -1},
      {"", -1},
      {"-1s", -1},
      {"+1s", -1},
      {"1.5s", -1},
      {"1 s", -1},
      {" 1s", -1},
      {"1S", -1},
      {"1d", -1},
      {"1h30m", -1},
      {"99999999999999999999s", -1},
      {"18446744073709551615h", -1},
  };
  for (const auto& c : cases) {
    CAPTURE(c.text);
    const auto parsed = form.parse(c.text);
    CHECK((parsed ? parsed->count() : -1) == c.ms);
  }
}

TEST_CASE("a duration in seconds is whole") {
  const auto form = whole_seconds(0s, kLongestTtl);
  CHECK(form.parse("2000ms") == 2s);
  CHECK(form.parse("0s") == 0s);
  CHECK(form.parse("2147483647s") == kLongestTtl);
  CHECK_FALSE(form.parse("2147483648s").has_value());
  CHECK_FALSE(form.parse("1500ms").has_value());
}

TEST_CASE("durations are written in the largest unit that fits") {
  CHECK(to_text(0ms) == "0s");
  CHECK(to_text(1500ms) == "1500ms");
  CHECK(to_text(90s) == "90s");
  CHECK(to_text(2min) == "2m");
  CHECK(to_text(24h) == "24h");
}

TEST_CASE("sizes are a number and a binary unit") {
  const auto form = size(1, 1ull << 40);
  CHECK(form.parse("1B") == 1u);
  CHECK(form.parse("3KiB") == 3072u);
  CHECK(form.parse("64MiB") == 64u << 20);
  CHECK(form.parse("1024GiB") == 1ull << 40);
  for (const char* wrong : {"0B", "1025GiB", "64", "64MB", "64M", "64mib", "MiB", "-1B", ""}) {
    CAPTURE(wrong);
    CHECK_FALSE(form.parse(wrong).has_value());
  }
}

TEST_CASE("whole numbers and percentages have limits") {
  CHECK(integer(1, 10).parse("1") == 1u);
  CHECK(integer(1, 10).parse("10") == 10u);
  for (const char* wrong : {"0", "11", "-1", "+1", "1.0", "0x1", "1e0", "", " 1", "ten", "99999999999999999999"}) {
    CAPTURE(wrong);
    CHECK_FALSE(integer(1, 10).parse(wrong).has_value());
  }
  CHECK(percent().parse("0%") == 0u);
  CHECK(percent().parse("100%") == 100u);
  for (const char* wrong : {"101%", "50", "%", "-1%", "50 %", "0.5%", ""}) {
    CAPTURE(wrong);
    CHECK_FALSE(percent().parse(wrong).has_value());
  }
}

TEST_CASE("domain names are folded and lose their final dot") {
  const std::string label63(63, 'a');
  const std::string name253 = label63 + "." + label63 + "." + label63 + "." + std::string(61, 'a');
  struct {
    std::string text, name;  // an empty name: refused
  } cases[] = {
      {"global", "global"},
      {"Cluster.LOCAL.", "cluster.local"},
      {"_tcp.a-b.9", "_tcp.a-b.9"},
      {label63, label63},
      {name253, name253},
      {name253 + ".", name253},
      {label63 + "a", ""},
      {name253 + "a", ""},
      {"", ""},
      {".", ""},
      {"..", ""},
      {"a..b", ""},
      {".a", ""},
      {"*.global", ""},
      {"a b", ""},
      {"m\xc3\xbcnchen", ""},
  };
  for (const auto& c : cases) {
    CAPTURE(c.text);
    CHECK(domain().parse(c.text).value_or("") == c.name);
  }
}

TEST_CASE("a word is one of those allowed, in lower case") {
  const auto form = one_of<int>({{"one", 1}, {"two", 2}, {"three", 3}});
  CHECK(form.expected == "one, two or three");
  CHECK(form.parse("two") == 2);
  CHECK_FALSE(form.parse("Two").has_value());
  CHECK_FALSE(form.parse("").has_value());
}
