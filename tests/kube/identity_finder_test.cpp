#include "kube/identity_finder.hpp"

#include <doctest/doctest.h>

#include <boost/json/serialize.hpp>
#include <string>

using namespace meridian::kube;

namespace {

std::string nested(std::size_t levels) {
  return std::string(levels, '[') + std::string(levels, ']');
}

}  // namespace

TEST_CASE("who an object is") {
  struct {
    const char* title;
    std::string text, found;
  } cases[] = {
      {"a ServiceEntry", R"({"kind":"ServiceEntry","metadata":{"name":"a","namespace":"b","resourceVersion":"7"}})",
       R"({"metadata":{"name":"a","namespace":"b","resourceVersion":"7"}})"},
      {"behind all the rest",
       R"({"spec":{"metadata":{"name":"no"}},"status":[[{"name":"no"}]],"metadata":{"name":"a"}})",
       R"({"metadata":{"name":"a"}})"},
      {"an event", R"({"type":"DELETED","object":{"metadata":{"labels":{"name":"no"},"name":"a"}}})",
       R"({"type":"DELETED","object":{"metadata":{"name":"a"}}})"},
      {"escapes", R"({"metadata":{"\u006eame":"\u0061\n"}})", R"({"metadata":{"name":"a\n"}})"},
      {"no metadata", R"({"metadata":[{"name":"a"}],"name":"b","x":{"name":"c"}})", "{}"},
      {"a name that is no text", R"({"metadata":{"name":{"name":"a"},"namespace":7}})", "{}"},
      {"no JSON behind the name", R"({"metadata":{"name":"a"},{{{"metadata":{"name":"b"}})",
       R"({"metadata":{"name":"a"}})"},
      {"a text without an end", R"({"metadata":{"name":")" + std::string(5000, 'x') + R"("}})",
       R"({"metadata":{"name":")" + std::string(512, 'x') + R"("}})"},
      {"behind deep nesting", R"({"spec":)" + nested(499) + R"(,"metadata":{"name":"a"}})",
       R"({"metadata":{"name":"a"}})"},
      {"not behind deeper nesting", R"({"spec":)" + nested(500) + R"(,"metadata":{"name":"a"}})", "{}"},
      {"before bottomless nesting", R"({"metadata":{"name":"a"},"spec":)" + nested(1'000'000),
       R"({"metadata":{"name":"a"}})"},
  };
  for (const auto& each : cases) {
    CAPTURE(each.title);
    for (std::size_t cut = 0; cut <= each.text.size(); cut += each.text.size() > 100'000 ? 399'989
                                                              : each.text.size() > 1000  ? 97
                                                                                         : 1) {
      CAPTURE(cut);
      IdentityFinder finder;
      finder.feed(each.text.substr(0, cut));
      finder.feed(each.text.substr(cut));
      REQUIRE(boost::json::serialize(finder.take()) == each.found);
    }
  }
}
