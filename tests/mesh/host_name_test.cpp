#include <doctest/doctest.h>

#include <string>

#include <meridian/mesh/host_name.hpp>

using namespace meridian::mesh;

namespace {

std::string labels(std::size_t count, std::size_t size) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += (i ? "." : "") + std::string(size, 'a');
  return out;
}

}  // namespace

TEST_CASE("a host has one spelling") {
  struct {
    const char* title;
    std::string text;
    std::string host;
  } cases[] = {
      {"capitals become small (Admiral writes them)", "West.Stage.Greeting.Global", "west.stage.greeting.global"},
      {"the final dot goes", "httpbin.bar.global.", "httpbin.bar.global"},
      {"one final dot, not two", "httpbin.bar.global..", "httpbin.bar.global."},
      {"octets outside ASCII stay",
       "B\xc3\x9c"
       "CHER.global",
       "b\xc3\x9c"
       "cher.global"},
      {"nothing stays nothing", "", ""},
      {"the root alone is nothing", ".", ""},
  };
  for (const auto& c : cases) SUBCASE(c.title) {
      CHECK(canonical_host(c.text) == c.host);
    }
}

TEST_CASE("what can be a host") {
  struct {
    const char* title;
    std::string host;
    std::string why;  // empty: it can
  } cases[] = {
      {"three labels", "httpbin.bar.global", ""},
      {"the apex of a zone", "global", ""},
      {"a wildcard", "*.bar.global", ""},
      {"underscores, as Envoy does", "my_app.bar.global", ""},
      {"a space is only an octet", "my app.bar.global", ""},
      {"UTF-8 is only octets",
       "b\xc3\xbc"
       "cher.global",
       ""},
      {"an A-label", "xn--bcher-kva.global", ""},
      {"a label of digits", "1.2.global", ""},
      {"a label of 63 octets", std::string(63, 'a') + ".global", ""},
      {"a name of 253 octets", labels(2, 63) + "." + labels(1, 63) + "." + labels(1, 61), ""},
      {"the bare star, which the entry judges", "*", ""},
      {"nothing", "", "is empty"},
      {"an empty label inside", "httpbin..global", "has an empty label"},
      {"an empty label in front", ".bar.global", "has an empty label"},
      {"an empty label at the end", "bar.global.", "has an empty label"},
      {"a star and nothing else", "*.", "has an empty label"},
      {"a label of 64 octets", std::string(64, 'a') + ".global", "has a label over 63 octets"},
      {"a name of 254 octets", labels(2, 63) + "." + labels(2, 62) + ".a", "is over 253 octets"},
      {"a hyphen in front", "-a.global", "has a label that begins or ends with a hyphen"},
      {"a hyphen at the end", "a-.global", "has a label that begins or ends with a hyphen"},
      {"a hyphen at the end of a later label", "a.global-", "has a label that begins or ends with a hyphen"},
      {"a line feed, which forges log lines", "a\nb.global", "has a control character or a backslash"},
      {"a NUL", std::string("a\0b.global", 10), "has a control character or a backslash"},
      {"a backslash, which would be an escape", "a\\098.global", "has a control character or a backslash"},
      {"a star with something before it", "foo*.bar.global",
       "is a partial wildcard, and Envoy knows only a whole first label `*`"},
      {"a star with something after it", "*foo.bar.global",
       "is a partial wildcard, and Envoy knows only a whole first label `*`"},
      {"a star as a later label", "foo.*.global",
       "is a partial wildcard, and Envoy knows only a whole first label `*`"},
      {"two stars", "*.*.global", "is a partial wildcard, and Envoy knows only a whole first label `*`"},
  };
  for (const auto& c : cases) SUBCASE(c.title) {
      CHECK(refuse_host(c.host).value_or("") == c.why);
    }
}

TEST_CASE("a host lies within a zone") {
  struct {
    const char* title;
    const char* host;
    const char* zone;
    bool within;
  } cases[] = {
      {"below it", "httpbin.bar.global", "global", true},
      {"at its apex", "global", "global", true},
      {"as a wildcard", "*.global", "global", true},
      {"below a zone of two labels", "a.mesh.example", "mesh.example", true},
      {"everything lies within the root", "httpbin.bar.global", "", true},
      {"not because it ends with the same letters", "xevilglobal", "global", false},
      {"not below those either", "a.xevilglobal", "global", false},
      {"not above it", "example", "mesh.example", false},
  };
  for (const auto& c : cases) SUBCASE(c.title) {
      CHECK(is_within(c.host, c.zone) == c.within);
    }
}

TEST_CASE("a wildcard has a star as its whole first label") {
  CHECK(is_wildcard("*.global"));
  CHECK_FALSE(is_wildcard("*"));
  CHECK_FALSE(is_wildcard("*foo.global"));
  CHECK_FALSE(is_wildcard("a.*.global"));
}
