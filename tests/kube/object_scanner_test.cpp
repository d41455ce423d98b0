#include "kube/object_scanner.hpp"

#include <doctest/doctest.h>

#include <boost/json/serialize.hpp>
#include <random>
#include <string>
#include <vector>

using namespace meridian::kube;
namespace json = boost::json;

namespace {

// What a scanner tells, one line each.
struct Lines final : ObjectScanner::Handler {
  std::vector<std::string> lines;
  void object(std::string_view text) override { lines.emplace_back(text); }
  void passed_over(json::object identity, ObjectScanner::Fault fault) override {
    lines.push_back((fault == ObjectScanner::Fault::TooLong ? "too long: " : "too deep: ") + json::serialize(identity));
  }
};

constexpr std::uint64_t kSize = 300;

using Form = ObjectScanner::Form;

// All that comes of a text that is cut at `cuts`, with what is around the items of a list, or the error, at the end.
std::vector<std::string> scan(Form form, std::string_view text, std::vector<std::size_t> cuts, std::uint64_t size) {
  Lines lines;
  ObjectScanner scanner(form, size, lines);
  try {
    std::size_t begin = 0;
    cuts.push_back(text.size());
    for (const auto cut : cuts) {
      const std::string piece(text.substr(begin, cut - begin));  // a copy, so that reading past its end is seen
      scanner.feed(piece);
      begin = cut;
    }
    if (form == Form::List) lines.lines.push_back("around: " + json::serialize(scanner.finish()));
  } catch (const ObjectScanner::Malformed& error) {
    lines.lines.push_back(std::string("malformed: ") + error.what());
  }
  return lines.lines;
}

std::vector<std::string> scan(Form form, std::string_view text, std::uint64_t size = kSize) {
  return scan(form, text, {}, size);
}

std::string nested(std::size_t levels) {
  std::string text = R"({"metadata":{"name":"deep"},"x":)";
  for (std::size_t i = 1; i < levels; ++i) text += "[";
  text += "1";
  for (std::size_t i = levels - 1; i > 0; --i) text += "]";
  return text + "}";
}

const std::string kLong = R"({"metadata":{"labels":{"name":"no"},"name":"big","namespace":"bar",)"
                          R"("resourceVersion":"7"},"x":[{"metadata":{"name":"nor this"}}],"y":")" +
                          std::string(500, 'z') + R"("})";

struct Case {
  const char* title;
  Form form;
  std::string text;
  std::vector<std::string> lines;
};

const std::vector<Case> kCases = {
    {"an empty list",
     Form::List,
     R"({"kind":"L","items":[],"metadata":{}})",
     {R"(around: {"kind":"L","items":[],"metadata":{}})"}},
    {"items, and metadata behind them",
     Form::List,
     R"({"items":[{"a":1},{"b":{"c":[{}]}}],"metadata":{"continue":"x"}})",
     {R"({"a":1})", R"({"b":{"c":[{}]}})", R"(around: {"items":[],"metadata":{"continue":"x"}})"}},
    {"white space everywhere",
     Form::List,
     " {\n \"items\" :\t[ { } ,\r\n{} ] } \n",
     {"{ }", "{}", R"(around: {"items":[]})"}},
    {"brackets and quotes in texts",
     Form::List,
     R"({"a":"]}\"\\","items":[{"s":"}\\\"}{"}],"b":"\u005b"})",
     {R"({"s":"}\\\"}{"})", R"(around: {"a":"]}\"\\","items":[],"b":"["})"}},
    {"items that are not the list's",
     Form::List,
     R"({"metadata":{"items":[{"a":1}]},"kind":"items","x":[{"b":1}],"items":[{"c":1}]})",
     {R"({"c":1})", R"(around: {"metadata":{"items":[{"a":1}]},"kind":"items","x":[{"b":1}],"items":[]})"}},
    {"a list without items", Form::List, R"({"items":null})", {R"(around: {"items":null})"}},
    {"an item that is too long",
     Form::List,
     R"({"items":[{"a":1},)" + kLong + R"(,{"b":1}]})",
     {R"({"a":1})", R"(too long: {"metadata":{"name":"big","namespace":"bar","resourceVersion":"7"}})", R"({"b":1})",
      R"(around: {"items":[]})"}},
    {"an item that is too deep",
     Form::List,
     R"({"items":[)" + nested(101) + "," + nested(3) + "]}",
     {R"(too deep: {"metadata":{"name":"deep"}})", nested(3), R"(around: {"items":[]})"}},
    {"half a list", Form::List, R"({"items":[{"a":1})", {R"({"a":1})", "malformed: the list ended in the middle"}},
    {"nothing", Form::List, "", {"malformed: the list ended in the middle"}},
    {"two lists", Form::List, R"({"items":[]}{})", {"malformed: something else than one JSON object came"}},
    {"a page for people", Form::List, "<html>", {"malformed: something else than one JSON object came"}},
    {"an item that is no object",
     Form::List,
     R"({"items":[{},7]})",
     {"{}", "malformed: something else than JSON objects came"}},
    {"too much around the items",
     Form::List,
     R"({"x":")" + std::string(400, 'x') + R"(","items":[]})",
     {"malformed: a list that has too much in it"}},
    {"events, a line each", Form::Stream, "{\"a\":1}\n{\"b\":2}\n", {R"({"a":1})", R"({"b":2})"}},
    {"events without newlines", Form::Stream, R"({"a":"}{"}{"b":2} {})", {R"({"a":"}{"})", R"({"b":2})", "{}"}},
    {"the last event is not complete", Form::Stream, R"({"a":1}{"b":)", {R"({"a":1})"}},
    {"an event that is too long",
     Form::Stream,
     R"({"type":"DELETED","object":)" + kLong + "}{}",
     {R"(too long: {"type":"DELETED","object":{"metadata":{"name":"big","namespace":"bar","resourceVersion":"7"}}})",
      "{}"}},
    {"a stream of something else", Form::Stream, "{}\n[1]", {"{}", "malformed: something else than JSON objects came"}},
};

}  // namespace

TEST_CASE("what an API server sends is cut into objects") {
  for (const auto& each : kCases) {
    CAPTURE(each.title);
    CHECK(scan(each.form, each.text) == each.lines);
  }
}

TEST_CASE("wherever the octets are cut, the objects are the same") {
  for (const auto& each : kCases) {
    CAPTURE(each.title);
    std::vector<std::size_t> everywhere;
    for (std::size_t cut = 0; cut <= each.text.size(); ++cut) {
      CAPTURE(cut);
      REQUIRE(scan(each.form, each.text, {cut}, kSize) == each.lines);
      everywhere.push_back(cut);
    }
    CHECK(scan(each.form, each.text, everywhere, kSize) == each.lines);
  }
}

TEST_CASE("however the octets come in pieces, the objects are the same") {
  std::mt19937 random(7);
  for (int run = 0; run < 2000; ++run) {
    const auto& each = kCases[random() % kCases.size()];
    std::vector<std::size_t> cuts;
    for (std::size_t at = random() % 40; at < each.text.size(); at += random() % 40) cuts.push_back(at);
    CAPTURE(each.title);
    CAPTURE(run);
    REQUIRE(scan(each.form, each.text, cuts, kSize) == each.lines);
  }
}

TEST_CASE("the limit is the size of an object, to the octet") {
  const std::string object = R"({"metadata":{"name":"x"},"y":"0123456789"})";
  for (const std::vector<std::size_t>& cuts : {std::vector<std::size_t>{}, {1}, {object.size() - 1}}) {
    CHECK(scan(Form::Stream, object, cuts, object.size()) == std::vector{object});
    CHECK(scan(Form::Stream, object, cuts, object.size() - 1) ==
          std::vector<std::string>{R"(too long: {"metadata":{"name":"x"}})"});
  }
}

TEST_CASE("a hundred levels are an object, and one more are too many") {
  const auto depth = ObjectScanner::kDeepest;
  CHECK(scan(Form::Stream, nested(depth), 10'000) == std::vector{nested(depth)});
  CHECK(scan(Form::Stream, nested(depth + 1), 10'000) ==
        std::vector<std::string>{R"(too deep: {"metadata":{"name":"deep"}})"});
  // Nobody recurses over what a tenant nests.
  CHECK(scan(Form::Stream, std::string(1'000'000, '{'), 100).empty());
  const auto bottomless = nested(200'000);
  CHECK(scan(Form::Stream, bottomless, 100) == std::vector<std::string>{R"(too long: {"metadata":{"name":"deep"}})"});
}
