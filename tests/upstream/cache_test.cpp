#include <doctest/doctest.h>

#include <functional>

#include "upstream/cached.hpp"

using namespace meridian;
using namespace meridian::test;
using namespace std::chrono_literals;

namespace {

config::Forward::Cache settings_of(std::uint64_t size = 1 << 20) {
  config::Forward::Cache settings;
  settings.size = size;
  return settings;
}

void store(Cache& cache, const dns::Query& query, const std::vector<std::uint32_t>& ttls, std::string_view text,
           Cache::Time now, bool denial = false) {
  const CachedReply reply(query, ttls, text, denial);
  cache.store(cache.key_of(query), reply.kept(), now);
}

void fail(Cache& cache, const dns::Query& query, Cache::Time now) {
  cache.failed(cache.key_of(query), dns::ExtendedError::NoReachableAuthority, 5s, now);
}

}  // namespace

TEST_CASE("a reply in the cache") {
  Cache cache(settings_of());
  const auto www = question_of("www.example.com");
  CHECK(ask(cache, www, at(0)) == "missing");
  store(cache, www, {60, 300}, "one", at(0));
  struct {
    const char* title;
    std::int64_t ms;
    const char* said;
  } cases[] = {
      {"is told at once", 0, "fresh 60,300 one"},
      {"is told as new to who read the clock a little earlier", -5, "fresh 60,300 one"},
      {"counts its TTLs down in whole seconds", 999, "fresh 60,300 one"},
      {"counts its TTLs down", 1000, "fresh 59,299 one"},
      {"never says 0 while it is fresh", 59999, "fresh 1,241 one"},
      {"is over with its smallest TTL, and stays at hand", 60000, "expired 30,30 one"},
      {"stays at hand for as long as serve-stale says", 60000 + 3600'000 - 1, "expired 30,30 one"},
      {"is gone then", 60000 + 3600'000, "missing"},
  };
  for (const auto& c : cases) SUBCASE(c.title) {
      CHECK(ask(cache, www, at_ms(c.ms)) == c.said);
    }
}

TEST_CASE("a TTL that is smaller than the life of its reply never wraps and never says 0") {
  Cache cache(settings_of());
  const auto query = question_of("odd.example");
  CachedReply reply(query, {5, 300}, "x");
  auto kept = reply.kept();
  kept.seconds = 100;
  cache.store(cache.key_of(query), kept, at(0));
  CHECK(ask(cache, query, at(50)) == "fresh 1,250 x");
}

TEST_CASE("without serve-stale a reply is gone at its end") {
  auto settings = settings_of();
  settings.serve_stale = 0s;
  Cache cache(settings);
  const auto query = question_of("www.example.com");
  store(cache, query, {60}, "x", at(0));
  CHECK(ask(cache, query, at(59)) == "fresh 1 x");
  CHECK(ask(cache, query, at(60)) == "missing");
  CHECK(cache.usage().replies == 0);
}

TEST_CASE("a reply is told only to who asks the same") {
  Cache cache(settings_of());
  const auto plain = question_of("www.example.com");
  store(cache, plain, {60}, "plain", at(0));
  struct {
    const char* title;
    std::function<void(dns::Query&)> change;
  } cases[] = {
      {"another name", [](auto& q) { q.name = question_of("ww.example.com").name; }},
      {"a name below", [](auto& q) { q.name = question_of("a.www.example.com").name; }},
      {"another type", [](auto& q) { q.type = dns::Type::AAAA; }},
      {"another class", [](auto& q) { q.klass = dns::Class::CH; }},
      {"CD", [](auto& q) { q.checking_disabled = true; }},
      {"DO", [](auto& q) { q.edns = dns::Edns{.dnssec_ok = true}; }},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      auto other = plain;
      c.change(other);
      CHECK(ask(cache, other, at(1)) == "missing");
      store(cache, other, {600}, "other", at(1));
      CHECK(ask(cache, other, at(1)) == "fresh 600 other");
      CHECK(ask(cache, plain, at(1)) == "fresh 59 plain");
    }
  }
  auto same = plain;
  same.edns = dns::Edns{};
  CHECK(ask(cache, same, at(1)) == "fresh 59 plain");
}

TEST_CASE("what comes later stands in place of what was there") {
  Cache cache(settings_of());
  const auto query = question_of("www.example.com");
  for (const char* text : {"first", "other", "longer than before", "x", ""}) {
    store(cache, query, {60}, text, at(0));
    CHECK(ask(cache, query, at(0)) == std::string("fresh 60 ") + text);
  }
  store(cache, query, {20}, "", at(0), true);
  CHECK(ask(cache, query, at(2)) == "fresh denial 18 ");
  CHECK(cache.usage().replies == 1);
}

TEST_CASE("nobody could answer") {
  Cache cache(settings_of());
  const auto query = question_of("www.example.com");
  SUBCASE("and nothing is there: it failed, for the pause") {
    fail(cache, query, at(0));
    CHECK(ask(cache, query, at_ms(4999)) == "failed 22");
    CHECK(cache.usage().replies == 0);
    CHECK(ask(cache, query, at(5)) == "missing");
    CHECK(cache.usage().octets == 0);
  }
  SUBCASE("and then somebody could") {
    fail(cache, query, at(0));
    store(cache, query, {60}, "x", at(1));
    CHECK(ask(cache, query, at(1)) == "fresh 60 x");
    CHECK(ask(cache, query, at(61)) == "expired 30 x");
  }
  SUBCASE("but a reply is still fresh: it stays what it is") {
    store(cache, query, {60}, "x", at(0));
    fail(cache, query, at(58));
    CHECK(ask(cache, query, at(59)) == "fresh 1 x");
    CHECK(ask(cache, query, at(60)) == "expired 30 x");
  }
  SUBCASE("and there is something old to tell: that is told, for a second of the pause") {
    store(cache, query, {60}, "x", at(0));
    fail(cache, query, at(100));
    CHECK(ask(cache, query, at_ms(100'999)) == "stale 30 x");
    CHECK(ask(cache, query, at(101)) == "expired 30 x");
    fail(cache, query, at(105));
    CHECK(ask(cache, query, at_ms(105'500)) == "stale 30 x");
  }
  SUBCASE("and what is there is too old") {
    store(cache, query, {60}, "x", at(0));
    fail(cache, query, at(3661));
    CHECK(ask(cache, query, at(3665)) == "failed 22");
    CHECK(ask(cache, query, at(3666)) == "missing");
  }
  SUBCASE("and what is there gets too old in the pause") {
    store(cache, query, {60}, "x", at(0));
    fail(cache, query, at_ms(3659'500));
    CHECK(ask(cache, query, at_ms(3659'900)) == "stale 30 x");
    CHECK(ask(cache, query, at(3660)) == "failed 22");
    CHECK(ask(cache, query, at_ms(3660'500)) == "missing");
  }
}

TEST_CASE("a popular reply is refreshed before its end") {
  auto settings = settings_of();
  const auto query = question_of("www.example.com");
  struct {
    const char* title;
    std::uint32_t ttl;
    std::vector<std::int64_t> uses;  // milliseconds
    const char* said;                // by the last of these
  } cases[] = {
      {"the third use in the last tenth", 100, {0, 1, 90'000}, "refresh fresh 10 x"},
      {"not before the last tenth", 100, {0, 1, 89'999}, "fresh 11 x"},
      {"not at the second use", 100, {0, 90'000}, "fresh 10 x"},
      {"said to one only", 100, {0, 1, 90'000, 90'001}, "fresh 10 x"},
      {"all uses may be in the last tenth", 100, {90'000, 90'001, 90'002}, "refresh fresh 10 x"},
      {"a second ahead at least", 10, {0, 1, 9'000}, "refresh fresh 1 x"},
      {"not more than a second ahead", 10, {0, 1, 8'999}, "fresh 2 x"},
      {"not for a short life", 9, {0, 1, 8'500}, "fresh 1 x"},
      {"not when it is over", 100, {0, 1, 100'000}, "expired 30 x"},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      Cache cache(settings);
      store(cache, query, {c.ttl}, "x", at(0));
      std::string said;
      for (const auto use : c.uses) said = ask(cache, query, at_ms(use));
      CHECK(said == c.said);
    }
  }
  SUBCASE("each life is asked for anew") {
    Cache cache(settings);
    store(cache, query, {100}, "x", at(0));
    for (const auto second : {1, 2}) ask(cache, query, at(second));
    CHECK(ask(cache, query, at(95)) == "refresh fresh 5 x");
    store(cache, query, {100}, "y", at(96));
    CHECK(ask(cache, query, at(190)) == "fresh 6 y");
    CHECK(ask(cache, query, at(191)) == "fresh 5 y");
    CHECK(ask(cache, query, at(192)) == "refresh fresh 4 y");
  }
  SUBCASE("unless the configuration says no") {
    settings.prefetch = false;
    Cache cache(settings);
    store(cache, query, {100}, "x", at(0));
    for (const auto second : {1, 2}) ask(cache, query, at(second));
    CHECK(ask(cache, query, at(95)) == "fresh 5 x");
  }
}

TEST_CASE("flushing a name") {
  Cache cache(settings_of());
  const char* names[] = {"example.com", "www.example.com", "a.www.example.com", "xexample.com", "example.org", "com"};
  for (const char* name : names) {
    store(cache, question_of(name), {60}, "4", at(0));
    store(cache, question_of(name, dns::Type::AAAA), {60}, "6", at(0));
  }
  fail(cache, question_of("example.com", dns::Type::MX), at(0));
  struct {
    const char* title;
    const char* name;
    bool below;
    std::size_t gone;
    std::string left;  // of the names above
  } cases[] = {
      {"takes all its types and no other name", "example.com", false, 2, "-+++++"},
      {"takes what is below it where that is asked for", "Example.COM", true, 6, "---+++"},
      {"that is not there takes nothing", "nothing.example", true, 0, "++++++"},
      {"that is only a parent takes nothing alone", "org", false, 0, "++++++"},
      {"that is only a parent takes what is below", "org", true, 2, "++++-+"},
      {"that is the root takes all that is below", ".", true, 12, "------"},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      CHECK(cache.flush(dns::FoldedName(*dns::Name::from_text(c.name)), c.below) == c.gone);
      std::string left;
      for (const char* name : names) left += ask(cache, question_of(name), at(1)) == "missing" ? '-' : '+';
      CHECK(left == c.left);
      const bool failure = c.left[0] == '+';
      CHECK(ask(cache, question_of("example.com", dns::Type::MX), at(1)) == (failure ? "failed 22" : "missing"));
      CHECK(cache.usage().replies == 12 - c.gone);
    }
  }
  SUBCASE("goes by labels, not by octets") {
    store(cache, question_of("a\\003com"), {60}, "x", at(0));  // one label, which ends like a name
    CHECK(cache.flush(dns::FoldedName(*dns::Name::from_text("com")), true) == 8 + 2);
    CHECK(ask(cache, question_of("a\\003com"), at(0)) == "fresh 60 x");
  }
  SUBCASE("all") {
    CHECK(cache.flush_all() == 12);
    CHECK(cache.usage().octets == 0);
    CHECK(ask(cache, question_of("example.com"), at(1)) == "missing");
    store(cache, question_of("example.com"), {60}, "x", at(1));
    CHECK(ask(cache, question_of("example.com"), at(1)) == "fresh 60 x");
  }
}
