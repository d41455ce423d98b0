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

Question question(const Octets& asked, bool checking_disabled, bool dnssec_ok) {
  static const upstream::Cache cache{{}};
  const std::uint8_t cd = checking_disabled ? 0x10 : 0;
  const auto packet = joined({0x12, 0x34, 1, cd, 0, 1, 0, 0, 0, 0, 0, 1}, asked,
                             {0, 0, 41, 0x10, 0, 0, 0, static_cast<std::uint8_t>(dnssec_ok ? 0x80 : 0), 0, 0, 0});
  dns::Query query;
  REQUIRE(dns::parse_query(packet, query) == dns::Fault::None);
  return {query, cache.key_of(query)};
}

}  // namespace

TEST_CASE("a question's key") {
  const auto asked = question(kAsked, false, false);
  auto lower = kAsked;
  lower[5] = 'e';
  auto other_type = kAsked;
  other_type[19] = 28;

  CHECK((asked.key() == question(lower, false, false).key()));
  CHECK(asked.key().hash == question(lower, false, false).key().hash);
  CHECK((asked.key() != question(other_type, false, false).key()));
  CHECK((asked.key() != question(kAsked, true, false).key()));
  CHECK((asked.key() != question(kAsked, false, true).key()));
  CHECK((question(kAsked, true, false).key() != question(kAsked, false, true).key()));

  const auto both = question(kAsked, true, true);
  const auto key = both.cache_key();
  CHECK(Octets(key.name.begin(), key.name.end()) == Octets(lower.begin(), lower.end() - 4));
  CHECK(key.type == dns::Type::A);
  CHECK(key.klass == dns::Class::IN);
  CHECK(key.checking_disabled);
  CHECK(key.dnssec_ok);
  CHECK(key.hash == both.key().hash);
}

TEST_CASE("the query that goes upstream") {
  const struct {
    const char* title;
    Question question;
    bool edns;
    Octets expected;
  } cases[] = {
      {"is the question with RD, AD and an empty OPT", question(kAsked, false, false), true,
       joined({0, 0, 1, 0x20, 0, 1, 0, 0, 0, 0, 0, 1}, kAsked, {0, 0, 41, 0x04, 0xd0, 0, 0, 0, 0, 0, 0})},
      {"has DO if the client had it", question(kAsked, false, true), true,
       joined({0, 0, 1, 0x20, 0, 1, 0, 0, 0, 0, 0, 1}, kAsked, {0, 0, 41, 0x04, 0xd0, 0, 0, 0x80, 0, 0, 0})},
      {"has CD if the client had it", question(kAsked, true, false), true,
       joined({0, 0, 1, 0x30, 0, 1, 0, 0, 0, 0, 0, 1}, kAsked, {0, 0, 41, 0x04, 0xd0, 0, 0, 0, 0, 0, 0})},
      {"goes without OPT where EDNS is not known", question(kAsked, false, true), false,
       joined({0, 0, 1, 0x20, 0, 1, 0, 0, 0, 0, 0, 0}, kAsked)},
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
