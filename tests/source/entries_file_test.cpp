#include "source/entries_file.hpp"

#include <doctest/doctest.h>

namespace meridian::source {
namespace {

// "a@3 b@9 broken", and the problems apart.
std::string text_of(const EntriesFile& file) {
  std::string text;
  for (const auto& each : file.entries) text += each.entry->key.name + "@" + std::to_string(each.line) + " ";
  for (const auto& key : file.invalid) text += "invalid " + key.name + " ";
  return text + (file.broken ? "broken" : "");
}

std::string entry(const std::string& name) {
  return "{apiVersion: networking.istio.io/v1alpha3, kind: ServiceEntry, metadata: {name: " + name +
         "}, spec: {hosts: [" + name + ".global]}}\n";
}

std::string kindless(const std::string& name) {
  return "{metadata: {name: " + name + "}, spec: {hosts: [" + name + ".global]}}\n";
}

TEST_CASE("a ServiceEntry of an unknown version is told of, and no broken document") {
  const auto file = parse_entries_file("{apiVersion: networking.istio.io/v2, kind: ServiceEntry}\n", "/e/f.yaml", {});
  CHECK_FALSE(file.broken);
  REQUIRE(file.problems.size() == 1);
  CHECK(file.problems[0].origin == "/e/f.yaml:1");
  CHECK(file.problems[0].text ==
        "a ServiceEntry of apiVersion networking.istio.io/v2 is not read: networking.istio.io/v1, v1beta1 and v1alpha3 "
        "are");
}

TEST_CASE("the entries of a text") {
  struct {
    const char* title;
    std::string text;
    const char* found;
  } cases[] = {
      {"none", "", ""},
      {"two documents", entry("a") + "---\n" + entry("b"), "a@1 b@3 "},
      {"other kinds are ignored", "{apiVersion: v1, kind: Service, spec: 7}\n---\n" + entry("b"), "b@3 "},
      {"a kind of another group is ignored", "{apiVersion: example.org/v1, kind: ServiceEntry}\n", ""},
      {"a List", "apiVersion: v1\nkind: List\nitems:\n- " + entry("a") + "- " + entry("b"), "a@4 b@5 "},
      {"a List whose kind stands below", "items:\n- " + entry("a") + "apiVersion: v1\nkind: List\n", "a@2 "},
      {"a List with other kinds in it",
       "apiVersion: v1\nkind: List\nitems:\n- {kind: Service, apiVersion: v1}\n- " + entry("b"), "b@5 "},
      {"a List in a List",
       "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: List, items: [" + entry("a") + "]}\n", "a@4 "},
      {"a List of a version of its own", "apiVersion: networking.istio.io/v1\nkind: List\nitems:\n- " + entry("a"),
       "a@4 "},
      {"an empty List", "apiVersion: v1\nkind: List\nitems: []\n", ""},
      {"a ServiceEntryList, whose items have no kind",
       "apiVersion: networking.istio.io/v1\nkind: ServiceEntryList\nitems:\n- " + kindless("a"), "a@4 "},
      {"a List of items without kind", "apiVersion: v1\nkind: List\nitems:\n- " + kindless("a"), "broken"},
      {"the items of something else", "apiVersion: v1\nkind: Other\nitems:\n- " + entry("a"), ""},
      {"an item that is no mapping", "apiVersion: v1\nkind: List\nitems: [7]\n", "broken"},
      {"items of a list that breaks off are void",
       "apiVersion: v1\nkind: List\nitems:\n- " + entry("a") + "- {\n---\n" + entry("b"), "b@7 broken"},
      {"a document without kind", "apiVersion: networking.istio.io/v1\n", "broken"},
      {"a document that is no mapping", "just words\n", "broken"},
      {"a key twice: the first", entry("a") + "---\n" + entry("a"), "a@1 "},
      {"an invalid entry",
       "{apiVersion: networking.istio.io/v1, kind: ServiceEntry, metadata: {name: x}}\n---\n" + entry("a"),
       "a@3 invalid x "},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      const auto file = parse_entries_file(c.text, "/e/f.yaml", {});
      for (const auto& problem : file.problems) INFO(problem.origin << ": " << problem.text);
      CHECK(text_of(file) == c.found);
      CHECK((file.broken || !file.invalid.empty()) <= !file.problems.empty());
    }
  }
}

TEST_CASE("problems carry the line, and are bounded") {
  std::string text;
  for (int i = 0; i < 150; ++i)
    text +=
        "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: x" + std::to_string(i) + "}\n---\n";
  const auto file = parse_entries_file(text, "/e/f.yaml", {});
  REQUIRE(file.problems.size() == 101);
  CHECK(file.problems[1].origin == "/e/f.yaml:5");
  CHECK(file.problems[1].text.starts_with("default/x1 is not served: "));
  CHECK(file.problems[100].text == "50 more problems in this file");
}

TEST_CASE("the version of an entry is a hash of its content, whatever stands around it") {
  const auto version = [](const std::string& text) {
    return parse_entries_file(text, "/e/f.yaml", {}).entries.at(0).entry->resource_version;
  };
  CHECK(version(entry("a")) == version("# a comment\n---\n" + entry("a") + "\n\n"));
  CHECK(version(entry("a")) != version(entry("b")));
}

}  // namespace
}  // namespace meridian::source
