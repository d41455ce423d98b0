#include "config/document.hpp"

#include <doctest/doctest.h>

#include <string>

#include "config/problems.hpp"

using namespace meridian::config;
using tests::errors;

TEST_CASE("what is no YAML, or more than one document, says where") {
  const tests::Row cases[] = {
      {"a bracket is left open", "listen: [a\nworkers: 1\n", "2:8: not YAML: end of sequence flow not found"},
      {"a tab indents", "vip:\n\tquarantine: 1h\n",
       "2:12: not YAML: illegal map value; a tab can't indent, use spaces"},
      {"a mapping ends in a list", "vip:\n  a: 1\n  - b\n", "3:3: not YAML: end of map not found"},
      {"an alias has no anchor", "listen: *nobody\n", "1:9: not YAML: the referenced anchor is not defined"},
      {"an escape is unknown", "state: \"\\\x01\"\n", "1:11: not YAML: unknown escape character: \\x01"},
      {"there are two documents", "workers: 1\n---\nworkers: 2\n",
       "2:1: a second document; a configuration is one document"},
      {"an alias stands in its own anchor", "zones: &a [*a]\n", "1:12: an alias inside of what it stands for"},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      CHECK(errors(c.yaml) == c.errors);
    }
  }
}

TEST_CASE("a document may begin and end in YAML's own ways") {
  for (const char* yaml : {"", "\n\n", "# nothing\n", "---\n", "---\n...\n", "--- {}\n", "\xef\xbb\xbfworkers: 0\n",
                           "%YAML 1.2\n---\nworkers: 0\n", "workers: 0\r\n", "{\"workers\": 0}"}) {
    CAPTURE(yaml);
    CHECK(errors(yaml) == "");
  }
}

TEST_CASE("every value knows its place") {
  const auto root = read_document("b: &z\n  - {c: x}\nd: *z\n").root;
  REQUIRE(root.kind() == Node::Kind::Map);
  REQUIRE(root.content->children.size() == 4);
  const auto& list = root.content->children[1];
  REQUIRE(list.kind() == Node::Kind::List);
  CHECK(list.content->children[0].place == Place{2, 5});
  CHECK(list.content->children[0].content->children[1].place == Place{2, 9});
  const auto& alias = root.content->children[3];
  CHECK(alias.place == Place{3, 4});
  CHECK(alias.content == list.content);
}

TEST_CASE("quotes tell a text from a number") {
  const auto root = read_document("[1, \"1\", '1', ~, '']").root;
  const auto& items = root.content->children;
  REQUIRE(items.size() == 5);
  CHECK_FALSE(items[0].content->quoted);
  CHECK(items[1].content->quoted);
  CHECK(items[2].content->quoted);
  CHECK(items[3].kind() == Node::Kind::Null);
  CHECK(items[4].kind() == Node::Kind::Scalar);
}

TEST_CASE("an alias counts as one value") {
  CHECK(read_document("").nodes == 0);
  CHECK(read_document("a").nodes == 1);
  CHECK(read_document("[a, b]").nodes == 3);
  CHECK(read_document("[&x [a, b], *x, *x]").nodes == 6);
}

TEST_CASE("deep nesting is refused, not followed") {
  const std::string brackets(100'000, '[');
  CHECK(errors(brackets).find("1:") == 0);
  CHECK(errors("a: " + brackets).find("1:") == 0);
}
