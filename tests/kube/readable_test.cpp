#include "kube/readable.hpp"

#include <doctest/doctest.h>

namespace meridian::kube {
namespace {

TEST_CASE("a text for people") {
  const struct {
    const char* title;
    std::string_view text;
    const char* shown;
  } cases[] = {
      {"is left alone", "two entries", "two entries"},
      {"keeps its letters", "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x8c\x8d", "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x8c\x8d"},
      {"has no control characters", "a\nb\x7f\x1b[m", "a\\x0ab\\x7f\\x1b[m"},
      {"has no zero", std::string_view("a\0b", 3), "a\\x00b"},
      {"has no C1 controls", "a\xc2\x85", "a\\xc2\\x85"},
      {"has no octets that are no UTF-8", "\xff\x80", "\\xff\\x80"},
      {"has no overlong forms", "\xc0\xaf\xe0\x80\xaf", "\\xc0\\xaf\\xe0\\x80\\xaf"},
      {"has no surrogates", "\xed\xa0\x80", "\\xed\\xa0\\x80"},
      {"has nothing above Unicode", "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"},
      {"may break off in the middle", "\xe2\x82", "\\xe2\\x82"},
      {"may be just as long as the limit", "abcdefghijklmnopqrstuvwxyz012345", "abcdefghijklmnopqrstuvwxyz012345"},
      {"is cut beyond it", "abcdefghijklmnopqrstuvwxyz0123456", "abcdefghijklmnopqrstuvwxyz012..."},
      {"is not cut inside a character", "abcdefghijklmnopqrstuvwxyz01\xe2\x82\xacxxxx",
       "abcdefghijklmnopqrstuvwxyz01..."},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      CHECK(readable(c.text, 32) == c.shown);
    }
  }
}

}  // namespace
}  // namespace meridian::kube
