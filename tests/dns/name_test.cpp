#include <meridian/dns/name.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <random>

#include "../support/ldns_oracle.hpp"

using namespace meridian::dns;
namespace oracle = meridian::oracle;

namespace {

std::string repeat(std::string_view text, std::size_t times) {
  std::string all;
  for (; times > 0; --times) all += text;
  return all;
}

oracle::Octets octets(std::span<const std::uint8_t> wire) {
  return {wire.begin(), wire.end()};
}

Name name(std::string_view text) {
  const auto parsed = Name::from_text(text);
  REQUIRE_MESSAGE(parsed.has_value(), text);
  return *parsed;
}

// Any octets in any labels, so that escapes and long names are common.
Name random_name(std::mt19937& random) {
  Name result;
  for (auto labels = random() % 8; labels > 0; --labels) {
    std::string label(1 + random() % (random() % 4 == 0 ? 63 : 8), '\0');
    for (char& c : label) c = static_cast<char>(random() % 3 == 0 ? random() : 'A' + random() % 58);
    if (const auto longer = result.child(label)) result = *longer;
  }
  return result;
}

}  // namespace

TEST_CASE("names that are names") {
  struct {
    const char* title;
    std::string text;
    std::string canonical;
    std::size_t size;
    std::size_t labels;
  } cases[] = {
      {"the root", ".", ".", 1, 0},
      {"one label", "global", "global", 8, 1},
      {"a final dot changes nothing", "httpbin.bar.global.", "httpbin.bar.global", 20, 3},
      {"the case is kept", "HttpBin.Bar.Global", "HttpBin.Bar.Global", 20, 3},
      {"a dot inside a label", "httpbin\\.bar.global", "httpbin\\.bar.global", 20, 2},
      {"octets by number", "a\\000b\\255.c", "a\\000b\\255.c", 8, 2},
      {"an escape that was not needed", "\\a\\098.c", "ab.c", 6, 2},
      {"a space is an octet like others", "a b", "a\\032b", 5, 1},
      {"the largest octet by number", "\\255", "\\255", 3, 1},
      {"a label of 63 octets", repeat("x", 63), repeat("x", 63), 65, 1},
      {"a name of 255 octets", repeat("a.", 127), repeat("a.", 126) + "a", 255, 127},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      const Name n = name(c.text);
      CHECK(n.to_text() == c.canonical);
      CHECK(n.wire().size() == c.size);
      CHECK(n.labels() == c.labels);
      CHECK(Name::from_wire(n.wire()) == n);
    }
  }
}

TEST_CASE("texts that are no names") {
  struct {
    const char* title;
    std::string text;
    NameError error;
  } cases[] = {
      {"nothing", "", NameError::Empty},
      {"two dots in a row", "a..b", NameError::EmptyLabel},
      {"a dot in front", ".a", NameError::EmptyLabel},
      {"two dots at the end", "a..", NameError::EmptyLabel},
      {"only dots", "..", NameError::EmptyLabel},
      {"a label of 64 octets", repeat("x", 64) + ".a", NameError::LabelTooLong},
      {"a last label of 64 octets", repeat("x", 64), NameError::LabelTooLong},
      {"256 octets", repeat("a.", 126) + "bb", NameError::NameTooLong},
      {"a backslash at the end", "a\\", NameError::BadEscape},
      {"a number above 255", "\\256", NameError::BadEscape},
      {"a number of two digits", "\\12", NameError::BadEscape},
      {"a number cut by a letter", "\\1a2", NameError::BadEscape},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      const auto parsed = Name::from_text(c.text);
      REQUIRE_FALSE(parsed.has_value());
      CHECK(parsed.error() == c.error);
      CHECK_FALSE(to_text(parsed.error()).empty());
    }
  }
}

TEST_CASE("a name is within another") {
  struct {
    const char* title;
    const char* name;
    const char* apex;
    bool within;
  } cases[] = {
      {"below it", "httpbin.bar.global", "global", true},
      {"equal to it", "global", "global", true},
      {"in another case", "HTTPBIN.GLOBAL", "gLoBaL", true},
      {"everything is within the root", "a.b", ".", true},
      {"the root is within the root", ".", ".", true},
      {"above it", "global", "bar.global", false},
      {"the same letters at the end of a longer label", "xevilglobal", "global", false},
      {"the same octets, cut elsewhere", "a\\006global", "global", false},
      {"a sibling", "a.local", "global", false},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      CHECK(name(c.name).is_within(name(c.apex)) == c.within);
    }
  }
}

TEST_CASE("relatives of a name") {
  const Name httpbin = name("httpbin.Bar.global");
  CHECK(httpbin.parent() == name("Bar.global"));
  CHECK(Name().parent().is_root());
  CHECK(*name("Bar.global").child("httpbin") == httpbin);
  CHECK(name("global").child("a.b")->to_text() == "a\\.b.global");
  CHECK(name("global").child("").error() == NameError::EmptyLabel);
  CHECK(name("global").child(repeat("x", 64)).error() == NameError::LabelTooLong);
  CHECK(name(repeat("a.", 126)).child("b").has_value());
  CHECK(name(repeat("a.", 126)).child("bb").error() == NameError::NameTooLong);
}

TEST_CASE("folding changes A to Z and nothing else") {
  std::string all;
  for (int c = 1; c < 256; ++c) {
    all.push_back(static_cast<char>(c));
    if (c % 50 == 0) {
      const auto label = *Name().child(all);
      const auto folded = label.folded();
      for (std::size_t i = 2; i < label.wire().size() - 1; ++i) {
        const auto before = label.wire()[i];
        REQUIRE(folded.wire()[i] == (before >= 'A' && before <= 'Z' ? before + 32 : before));
      }
      all.clear();
    }
  }
  CHECK(name("HTTPBIN.\\193.Global").folded() == name("httpbin.\\193.global"));
}

TEST_CASE("a folded name knows its labels") {
  const FoldedName folded(name("HttpBin.bar.GLOBAL"));
  CHECK(folded.labels == 3);
  CHECK(folded.label(0) == "httpbin");
  CHECK(folded.label(2) == "global");
  CHECK(octets(folded.wire()) == octets(name("httpbin.bar.global").wire()));
  CHECK(octets(folded.suffix(0)) == octets(folded.wire()));
  CHECK(octets(folded.suffix(1)) == octets(name("bar.global").wire()));
  CHECK(octets(folded.suffix(3)) == octets(Name().wire()));
}

TEST_CASE("the longest name fits into a folded name") {
  const FoldedName folded(name(repeat("A.", 127)));
  CHECK(folded.size == 255);
  CHECK(folded.labels == 127);
  CHECK(folded.label(126) == "a");
}

TEST_CASE("ldns reads and writes names as we do") {
  std::mt19937 random(4343);
  for (int i = 0; i < 5000; ++i) {
    const Name n = random_name(random);
    const std::string text = n.to_text();
    CAPTURE(text);
    const auto theirs = oracle::name_to_text(n.wire());
    REQUIRE(theirs.has_value());
    REQUIRE(*theirs == (n.is_root() ? "." : text + "."));
    const auto wire = oracle::name_from_text(*theirs);
    REQUIRE(wire.has_value());
    REQUIRE(*wire == octets(n.wire()));
    REQUIRE(name(text) == n);
    const FoldedName folded(n);
    REQUIRE(octets(folded.wire()) == octets(n.folded().wire()));
    REQUIRE(folded.labels == n.labels());
  }
}
