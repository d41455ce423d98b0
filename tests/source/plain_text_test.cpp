#include "source/plain_text.hpp"

#include <doctest/doctest.h>

#include <string>

namespace meridian::source {
namespace {

TEST_CASE("text that is UTF-8 without control characters passes") {
  for (const char* text :
       {"", "plain", "tab\tand\r\nlines\n", "gr\u00fc\u00dfe \u20ac \U0001f600", "\xf4\x8f\xbf\xbf", "\xed\x9f\xbf"}) {
    CAPTURE(text);
    CHECK_FALSE(find_bad_octet(text).has_value());
  }
}

TEST_CASE("the first bad octet is found at every distance from a block's edge") {
  for (const std::string& bad :
       {std::string("\x80"), std::string("\xc0\x80"), std::string("\xc1\xbf"), std::string("\xe0\x9f\xbf"),
        std::string("\xed\xa0\x80"), std::string("\xf0\x8f\xbf\xbf"), std::string("\xf4\x90\x80\x80"),
        std::string("\xf5\x80\x80\x80"), std::string("\xff"), std::string("\xe2\x82"), std::string("\x04"),
        std::string("\x1b"), std::string("\x7f"), std::string(1, '\0')})
    for (std::size_t before = 0; before < 20; ++before)
      for (const std::size_t after : {std::size_t{0}, std::size_t{1}, std::size_t{9}}) {
        const auto found = find_bad_octet("one\ntwo\n" + std::string(before, 'x') + bad + std::string(after, 'y'));
        CAPTURE(before);
        REQUIRE(found.has_value());
        CHECK(found->line == 3);
        CHECK(found->text.find("0x") != std::string::npos);
      }
}

}  // namespace
}  // namespace meridian::source
