#include "source/yaml_documents.hpp"

#include <doctest/doctest.h>
#include <spdlog/fmt/fmt.h>

#include "source/documents_of.hpp"

namespace meridian::source {
namespace {

TEST_CASE("the documents of a text") {
  struct {
    const char* title;
    const char* text;
    const char* found;
  } cases[] = {
      {"lists in lists", "[[1, [2]], [3]]", "document 1 [[1,[2]],[3]]\n"},
      {"one mapping", "a: 1\nb: [x, y]\n", "document 1 {\"a\":1,\"b\":[\"x\",\"y\"]}\n"},
      {"nothing at all", "", ""},
      {"comments only", "# nothing\n# here\n", ""},
      {"markers around nothing", "---\n---\n", ""},
      {"two, each with the line where it begins", "# one\na: 1\n---\n\nb: 2\n",
       "document 2 {\"a\":1}\ndocument 5 {\"b\":2}\n"},
      {"content behind the marker", "--- {a: 1}\n--- {b: 2}\n", "document 1 {\"a\":1}\ndocument 2 {\"b\":2}\n"},
      {"an end marker", "a: 1\n...\n# between\n---\nb: 2\n", "document 1 {\"a\":1}\ndocument 5 {\"b\":2}\n"},
      {"a version directive", "%YAML 1.2\n---\na: 1\n", "document 3 {\"a\":1}\n"},
      {"a byte order mark",
       "\xef\xbb\xbf"
       "a: 1\n",
       "document 1 {\"a\":1}\n"},
      {"lines that end as on Windows", "a: 1\r\n---\r\nb: 2\r\n", "document 1 {\"a\":1}\ndocument 3 {\"b\":2}\n"},
      {"dashes that are no marker", "a: |\n  ---\n  x\nb: ---x\n",
       "document 1 {\"a\":\"---\\nx\\n\",\"b\":\"---x\"}\n"},
      {"quoted scalars stay text", "a: \"1\"\nb: 'true'\nc: \"null\"\n",
       "document 1 {\"a\":\"1\",\"b\":\"true\",\"c\":\"null\"}\n"},
      {"empty values are null", "a:\nb: ~\nc: ''\n", "document 1 {\"a\":null,\"b\":null,\"c\":\"\"}\n"},
      {"the tag !!str", "a: !!str 12\n", "document 1 {\"a\":\"12\"}\n"},
      {"an anchor and its aliases", "a: &x {p: 1}\nb: *x\nc: [*x]\n",
       "document 1 {\"a\":{\"p\":1},\"b\":{\"p\":1},\"c\":[{\"p\":1}]}\n"},
      {"JSON", "{\"a\": [1, null, true], \"b\": \"x\\ty\\u00e9\"}",
       "document 1 {\"a\":[1,null,true],\"b\":\"x\\ty\u00e9\"}\n"},
      {"JSON with what yaml-cpp does not know", "{\"a\":\"\\ud83d\\ude00\\/\", \"b\":1.5}",
       "document 1 {\"a\":\"\U0001f600/\",\"b\":1.5E0}\n"},
      {"braces that are YAML", "{\"a\": b, c: [d]} # no JSON\n", "document 1 {\"a\":\"b\",\"c\":[\"d\"]}\n"},
      {"JSON with tabs", "{\n\t\"a\": {\n\t\t\"b\": 1\n\t}\n}\n", "document 1 {\"a\":{\"b\":1}}\n"},
      {"JSON objects one after the other", "{\"a\":1}\n{\"b\":2}\n", "document 1 {\"a\":1}\ndocument 2 {\"b\":2}\n"},
      {"items come one by one, before the kind that stands below them", "items:\n- a: 1\n- b: 2\nkind: List\n",
       "item 2 {\"a\":1}\nitem 3 {\"b\":2}\ndocument 1 {\"items\":[],\"kind\":\"List\"}\n"},
      {"items of JSON", "{\"kind\":\"List\",\n\"items\":[{\"a\":1},\n 7]}",
       "item 2 {\"a\":1}\nitem 3 7\ndocument 1 {\"kind\":\"List\",\"items\":[]}\n"},
      {"items below the root are not handed out", "a:\n  items: [1]\n", "document 1 {\"a\":{\"items\":[1]}}\n"},
      {"items that are no list", "items: {a: 1}\n", "document 1 {\"items\":{\"a\":1}}\n"},
      {"an alias between items", "items:\n- &x {a: 1}\n- *x\n",
       "item 2 {\"a\":1}\nitem 3 {\"a\":1}\ndocument 1 {\"items\":[]}\n"},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      const auto read = documents_of(c.text);
      INFO(read.why);
      CHECK(read.text == c.found);
    }
  }
}

TEST_CASE("a broken document says where, and does not hide the others") {
  struct {
    const char* title;
    std::string text;
    const char* found;
  } cases[] = {
      {"between two good ones", "a: 1\n---\nb: [1,\n---\nc: 3\n",
       "document 1 {\"a\":1}\nbroken 4\ndocument 5 {\"c\":3}\n"},
      {"cut in the middle of JSON", "{\"a\": {\"b\":", "broken 1\n"},
      {"JSON with a key twice", "{\"a\":1,\n\"a\":2}", "broken 2\n"},
      {"a second JSON object that is cut", "{\"a\":1}\n{\"b\":", "document 1 {\"a\":1}\nbroken 2\n"},
      {"much JSON that is cut", "{\"a\": \"" + std::string(70'000, 'x') + "\",\n\"b\":", "broken 2\n"},
      {"cut in the middle of a quoted scalar", "a: 1\nb: \"x\n", "broken 3\n"},
      {"cut in the middle of a quoted scalar, without a line end", "a: 1\nb: 'x", "broken 3\n"},
      {"a marker inside a quoted scalar", "a: 'x\n---\nb: 1\n", "broken 2\ndocument 3 {\"b\":1}\n"},
      {"a key twice", "a: 1\nb: 2\na: 3\n", "broken 3\n"},
      {"a key twice below", "x:\n  - {b: 2, b: 3}\n", "broken 2\n"},
      {"a mapping as a key", "? {a: 1}\n: 2\n", "broken 1\n"},
      {"a merge key", "a: &x {p: 1}\nb:\n  <<: *x\n", "broken 3\n"},
      {"an unknown alias", "a: *x\n", "broken 1\n"},
      {"an alias to what holds it", "a: &x [*x]\n", "broken 1\n"},
      {"an alias to the items", "items: &x [1]\nb: *x\n", "item 1 1\nbroken 2\n"},
      {"an unknown tag", "a: !python/object x\n", "broken 1\n"},
      {"tabs for indentation", "a:\n\tb: 1\n", "broken 2\n"},
      {"text after the end of YAML", "a: 1\n}\n", "broken 2\n"},
      {"text after a scalar", "'a'\n'b'\n", "document 1 \"a\"\nbroken 2\n"},
      {"bad UTF-8: the whole text", "a: 1\n---\nb: \xff\n", "broken 3\n"},
      {"the octet that yaml-cpp takes for the end", "a: 1\nb: \x04\nc: 2\n", "broken 2\n"},
      {"UTF-16", std::string("a\0:\0 \0001\0", 8), "broken 1\n"},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      const auto read = documents_of(c.text);
      INFO(read.why);
      CHECK(read.text == c.found);
      CHECK_FALSE(read.why.empty());
    }
  }
}

std::string repeated(std::string_view text, int times) {
  std::string out;
  while (times-- > 0) out += text;
  return out;
}

TEST_CASE("documents that are made to hurt are errors, quickly and in little memory") {
  std::string laughs = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 12; ++i) {
    const auto below = fmt::format("*a{}", i - 1);
    laughs += fmt::format("a{}: &a{} [{}{}]\n", i, i, below, repeated(", " + below, 9));
  }
  struct {
    const char* title;
    std::string text;
  } cases[] = {
      {"an alias bomb", laughs},
      {"100,000 opening brackets", repeated("[", 100'000)},
      {"100,000 brackets that close", repeated("[", 100'000) + repeated("]", 100'000)},
      {"100,000 opening braces", repeated("{a: ", 100'000)},
      {"JSON of 100,000 levels", repeated("{\"a\":", 100'000) + "1" + repeated("}", 100'000)},
      {"JSON over the limit", "{\"a\":\"" + std::string(2 << 20, 'x') + "\"}"},
      {"100,000 dashes", repeated("- ", 100'000)},
      {"100,000 question marks", repeated("? ", 100'000)},
      {"an object over the limit", "a: " + std::string(2 << 20, 'x')},
      {"an item over the limit", "items:\n- a\n- " + std::string(2 << 20, 'x')},
      {"a million elements", "a: [" + repeated("1,", 1'000'000) + "1]"},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      const auto read = documents_of(c.text);
      INFO(read.why);
      CHECK(read.text.find("broken") != std::string::npos);
      CHECK(read.text.find("document") == std::string::npos);
    }
  }
}

TEST_CASE("brackets that nothing closes never reach the parser, which would keep each of them in memory") {
  const auto read = documents_of("a: 1\n---\nb:\n" + repeated("[1,", 20'000) + "\n---\nc: {d: \"[[[\"}\n");
  CHECK(read.text == "document 1 {\"a\":1}\nbroken 4\ndocument 6 {\"c\":{\"d\":\"[[[\"}}\n");
  CHECK(read.why == "more than 10000 brackets that nothing closes");
}

TEST_CASE("YAML in braces is no JSON, however long its line") {
  const auto read = documents_of("{\"a\": 1, b: [" + repeated("x,", 40'000) + "]}");
  INFO(read.why);
  CHECK(read.text.starts_with("document 1 {\"a\":1,\"b\":[\"x\","));
}

TEST_CASE("the limit holds for each item, not for the list") {
  const std::string item = "- " + std::string(1000, 'x') + "\n";
  const auto read = documents_of("items:\n" + repeated(item, 100), 2000);
  CHECK(read.why == "");
  CHECK(read.text.ends_with("document 1 {\"items\":[]}\n"));
}

}  // namespace
}  // namespace meridian::source
