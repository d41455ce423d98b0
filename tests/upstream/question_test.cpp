#include "upstream/question.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace meridian;
using upstream::Question;
using Octets = std::vector<std::uint8_t>;

namespace {

// www.Example.test. A IN
const Octets kAsked = {3, 'w', 'w', 'w', 7, 'E', 'x', 'a', 'm', 'p', 'l', 'e', 4, 't', 'e', 's', 't', 0, 0, 1, 0, 1};

Octets joined(Octets front, const Octets& middle, const Octets& back = {}) {
  front.insert(front.end(), middle.begin(), middle.end());
  front.insert(front.end(), back.begin(), back.end());
  return front;
}

}  // namespace

TEST_CASE("the query that goes upstream") {
  const struct {
    const char* title;
    Question question;
    bool edns;
    Octets expected;
  } cases[] = {
      {"is the question with RD and an empty OPT",
       {kAsked, false, false},
       true,
       joined({0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1}, kAsked, {0, 0, 41, 0x04, 0xd0, 0, 0, 0, 0, 0, 0})},
      {"has DO if the client had it",
       {kAsked, false, true},
       true,
       joined({0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1}, kAsked, {0, 0, 41, 0x04, 0xd0, 0, 0, 0x80, 0, 0, 0})},
      {"has CD if the client had it",
       {kAsked, true, false},
       true,
       joined({0, 0, 1, 0x10, 0, 1, 0, 0, 0, 0, 0, 1}, kAsked, {0, 0, 41, 0x04, 0xd0, 0, 0, 0, 0, 0, 0})},
      {"goes without OPT where EDNS is not known",
       {kAsked, false, true},
       false,
       joined({0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0}, kAsked)},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      auto query = upstream::compose_query(c.question, c.edns);
      CHECK(query == c.expected);
      const auto asked = upstream::question_of(query, c.question);
      CHECK(Octets(asked.begin(), asked.end()) == kAsked);
    }
  }
}

TEST_CASE("letter cases at random change letters of the name, each both ways, and nothing else") {
  upstream::Entropy entropy;
  bool upper = false, lower = false;
  for (int i = 0; i < 200; ++i) {
    auto asked = kAsked;
    upstream::randomize_case(asked, entropy);
    for (std::size_t at = 0; at < asked.size(); ++at) {
      CAPTURE(at);
      const bool letter = at > 0 && at < 17 && at != 4 && at != 12;
      CHECK((asked[at] | (letter ? 0x20 : 0)) == (kAsked[at] | (letter ? 0x20 : 0)));
    }
    (asked[1] == 'W' ? upper : lower) = true;
  }
  CHECK(upper);
  CHECK(lower);
}

TEST_CASE("octets that are no letters have no case") {
  const Octets odd = {6, '@', '[', '`', '{', 0xc1, '1', 0, 0, 1, 0, 1};
  upstream::Entropy entropy;
  for (int i = 0; i < 50; ++i) {
    auto asked = odd;
    upstream::randomize_case(asked, entropy);
    CHECK(asked == odd);
  }
}
