#include "source/problem_book.hpp"

#include <doctest/doctest.h>

namespace meridian::source {
namespace {

std::string origins(const ProblemBook& book) {
  std::string text;
  for (const auto& each : book.newest()) text += each.origin + " ";
  return text;
}

TEST_CASE("problems are kept until they are mended, newest last") {
  ProblemBook book("files");
  CHECK(book.set("b", {{"b:1", "bad"}}));
  CHECK(book.set("a", {{"a:1", "bad"}}));
  CHECK_FALSE(book.set("b", {{"b:1", "bad"}}));
  CHECK(origins(book) == "b:1 a:1 ");
  CHECK(book.set("b", {{"b:2", "bad"}, {"b:1", "bad"}}));
  CHECK(origins(book) == "b:1 a:1 b:2 ");
  CHECK(book.set("b", {{"b:2", "bad"}}));
  CHECK(origins(book) == "a:1 b:2 ");
  CHECK(book.set("a", {}));
  CHECK_FALSE(book.set("a", {}));
  CHECK(origins(book) == "b:2 ");
}

TEST_CASE("no more than a hundred are told, and how many were left out") {
  ProblemBook book("files");
  for (int i = 0; i < 130; ++i) book.set(std::to_string(i), {{std::to_string(i), "bad"}});
  REQUIRE(book.newest().size() == 101);
  CHECK(book.newest().front().text == "30 more problems, older than these");
  CHECK(book.newest().back().origin == "129");
}

}  // namespace
}  // namespace meridian::source
