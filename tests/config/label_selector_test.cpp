#include "config/label_selector.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace meridian::config;

TEST_CASE("label selectors that Kubernetes takes") {
  for (const char* selector : {"",
                               "  \t\n",
                               "app",
                               "!app",
                               "! app",
                               "example.com/team",
                               "app=web",
                               "app==web",
                               "app!=web",
                               "app = web",
                               "app=",
                               "app!=",
                               "app=,tier",
                               "app=web,tier=a,!internal",
                               " app , tier ",
                               "size>3",
                               "size < 9223372036854775807",
                               "tier in (a)",
                               "tier in(a,b)",
                               "tier notin (a, b , c)",
                               "tier in ()",
                               "tier in (,)",
                               "tier in (,a)",
                               "tier in (a,)",
                               "tier in (a,,b)",
                               "tier in (a,,,b)",
                               "tier in (,,,)",
                               "in",
                               "!notin",
                               "in in (in, notin)",
                               "notin=in",
                               "a in (b),!c,d=e"}) {
    CAPTURE(selector);
    CHECK(fault_in_selector(selector).value_or("") == "");
  }
}

TEST_CASE("label selectors that Kubernetes refuses, and where they are wrong") {
  const std::string key = "; expected a label's key such as app or example.com/team";
  const std::string value =
      "; expected a label's value: letters, digits, and '-', '_' and '.' between them, at most 63";
  const std::string op = "; expected an operator (=, ==, !=, in, notin, > or <), a comma or the end";
  const std::string number = "; expected a whole number";
  const std::string more = "; expected a comma or the end";
  struct {
    std::string selector, fault;
  } cases[] = {
      {",", "has \",\" at character 1" + key},
      {"app,", "ends too early" + key},
      {"app,,tier", "has \",\" at character 5" + key},
      {"=web", "has \"=\" at character 1" + key},
      {"!", "ends too early" + key},
      {"!!app", "has \"!\" at character 2" + key},
      {"!=web", "has \"!=\" at character 1" + key},
      {"-app", "has \"-app\" at character 1" + key},
      {"Team.io/app", "has \"Team.io/app\" at character 1" + key},
      {"a, b:c", "has \"b:c\" at character 4" + key},
      {std::string(64, 'k'), "has \"" + std::string(60, 'k') + "...\" at character 1" + key},
      {"app web", "has \"web\" at character 5" + op},
      {"app not in (a)", "has \"not\" at character 5" + op},
      {"app IN (a)", "has \"IN\" at character 5" + op},
      {"app(a)", "has \"(\" at character 4" + op},
      {"app!", "has \"!\" at character 4" + op},
      {"!app=web", "has \"=\" at character 5" + more},
      {"!app in (a)", "has \"in\" at character 6" + more},
      {"a=b c", "has \"c\" at character 5" + more},
      {"a=b=c", "has \"=\" at character 4" + more},
      {"a in (b) c", "has \"c\" at character 10" + more},
      {"a in (b))", "has \")\" at character 9" + more},
      {"a===b", "has \"=\" at character 4" + value},
      {"a=!b", "has \"!\" at character 3" + value},
      {"a=(b)", "has \"(\" at character 3" + value},
      {"a=b/c", "has \"b/c\" at character 3" + value},
      {"a=\"b\"", "has \"\"b\"\" at character 3" + value},
      {"a=" + std::string(64, 'v'), "has \"" + std::string(60, 'v') + "...\" at character 3" + value},
      {"a=m\xc3\xbcnchen", "has \"m\xc3\xbcnchen\" at character 3" + value},
      {std::string("a\0", 2), "has \"a\\x00\" at character 1" + key},
      {"a>", "ends too early" + number},
      {"a>b", "has \"b\" at character 3" + number},
      {"a>=3", "has \"=\" at character 3" + number},
      {"a>-3", "has \"-3\" at character 3" + number},
      {"a>-0", "has \"-0\" at character 3" + number},
      {"a<+3", "has \"+3\" at character 3" + number},
      {"a<3.5", "has \"3.5\" at character 3" + number},
      {"a<9223372036854775808", "has \"9223372036854775808\" at character 3" + number},
      {"a<" + std::string(64, '0'), "has \"" + std::string(60, '0') + "...\" at character 3" + number},
      {"a>,b", "has \",\" at character 3" + number},
      {"a in", "ends too early; expected ( and a list of values"},
      {"a in b", "has \"b\" at character 6; expected ( and a list of values"},
      {"a in (", "ends too early" + value},
      {"a in (b", "ends too early; expected a comma or )"},
      {"a in (b c)", "has \"c\" at character 9; expected a comma or )"},
      {"a in (b,", "ends too early" + value},
      {"a in (=)", "has \"=\" at character 7" + value},
      {"a in ((b))", "has \"(\" at character 7" + value},
      {"a in (b,-)", "has \"-\" at character 9" + value},
      {"a in (,,)", "has \")\" at character 9; expected a value"},
      {"a in (b,,)", "has \")\" at character 10; expected a value"},
      {"a in (,,,,)", "has \")\" at character 11; expected a value"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.selector);
    CHECK(fault_in_selector(c.selector).value_or("") == c.fault);
  }
}
