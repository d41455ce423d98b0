#include <doctest/doctest.h>

#include "kube/api.hpp"

namespace meridian::kube {
namespace {

TEST_CASE("a segment of a path, percent-encoded") {
  CHECK(percent_encode("httpbin-bar_1.x~") == "httpbin-bar_1.x~");
  CHECK(percent_encode("a/b c?d&e=f%") == "a%2Fb%20c%3Fd%26e%3Df%25");
  CHECK(percent_encode("\xc3\xa9\n") == "%C3%A9%0A");
  CHECK(percent_encode("") == "");
}

TEST_CASE("what a response says to people") {
  const struct {
    const char* title;
    Response response;
    std::string text;
  } cases[] = {
      {"a Status has a message",
       {403, R"({"kind":"Status","apiVersion":"v1","message":"serviceentries is forbidden","code":403})", {}},
       "status 403: serviceentries is forbidden"},
      {"another object is shown as it begins",
       {200, R"({"kind":"List","message":"x"})", {}},
       R"(status 200: {"kind":"List","message":"x"})"},
      {"a Status without a message too", {500, R"({"kind":"Status"})", {}}, R"(status 500: {"kind":"Status"})"},
      {"text is shown", {404, "404 page not found\n", {}}, "status 404: 404 page not found"},
      {"nothing is said", {502, "", {}}, "status 502 without a word"},
      {"control characters are escaped", {500, "a\nb\x1b[2J\x7f", {}}, "status 500: a\\x0ab\\x1b[2J\\x7f"},
      {"control characters in a message are too",
       {400, R"({"kind":"Status","message":"a\nb"})", {}},
       "status 400: a\\x0ab"},
      {"much is cut", {500, std::string(1000, 'x'), {}}, "status 500: " + std::string(297, 'x') + "..."},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      CHECK(explain(c.response) == c.text);
    }
  }
}

}  // namespace
}  // namespace meridian::kube
