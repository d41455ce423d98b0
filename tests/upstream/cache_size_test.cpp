#include <doctest/doctest.h>

#include <random>

#include "upstream/cached.hpp"

using namespace meridian;
using namespace meridian::test;
using namespace std::chrono_literals;

namespace {

config::Forward::Cache settings_of(std::uint64_t size) {
  config::Forward::Cache settings;
  settings.size = size;
  return settings;
}

std::string name_of(std::size_t i) {
  return "host" + std::to_string(i) + ".example.com";
}

void store(Cache& cache, std::size_t i, std::size_t size, Cache::Time now = at(0)) {
  const auto query = question_of(name_of(i));
  const CachedReply reply(query, {60}, std::string(size, 'x'));
  cache.store(cache.key_of(query), reply.kept(), now);
}

bool holds(Cache& cache, std::size_t i) {
  return ask(cache, question_of(name_of(i)), at(1)) != "missing";
}

}  // namespace

TEST_CASE("a cache of no size keeps nothing") {
  Cache cache(settings_of(0));
  store(cache, 1, 10);
  const auto query = question_of(name_of(1));
  cache.failed(cache.key_of(query), dns::ExtendedError::Other, 5s, at(0));
  CHECK_FALSE(holds(cache, 1));
  CHECK(cache.flush_all() == 0);
  CHECK(cache.usage().octets == 0);
  CHECK(cache.usage().limit == 0);
}

TEST_CASE("a cache of any size never takes more than that, and keeps what came last") {
  for (const std::uint64_t size : {1u << 10, 3000u, 100'000u, 1u << 18, 1u << 20}) {
    CAPTURE(size);
    Cache cache(settings_of(size));
    std::mt19937 random(7);
    for (std::size_t i = 0; i < 15'000; ++i) {
      store(cache, i, random() % 20 == 0 ? random() % 4000 : random() % 200);
      const auto usage = cache.usage();
      REQUIRE(usage.octets <= size);
      REQUIRE(usage.replies <= i + 1);
    }
    store(cache, 15'000, 20);
    CHECK(holds(cache, 15'000));
    CHECK(cache.usage().evictions > 0);
    CHECK(cache.usage().limit == size);
  }
}

TEST_CASE("replies as large as a message can be never take more than there is") {
  for (const std::uint64_t size : {std::uint64_t{70'000}, std::uint64_t{1} << 18, std::uint64_t{1} << 20}) {
    CAPTURE(size);
    Cache cache(settings_of(size));
    std::mt19937 random(11);
    for (std::size_t i = 0; i < 3'000; ++i) {
      store(cache, random() % 500, random() % 65'000);
      REQUIRE(cache.usage().octets <= size);
    }
  }
}

TEST_CASE("a reply that is larger than there is room is not kept, and what it replaces goes") {
  Cache cache(settings_of(16 << 10));
  store(cache, 1, 100);
  store(cache, 2, 100);
  CHECK(holds(cache, 1));
  store(cache, 1, 20'000);
  CHECK_FALSE(holds(cache, 1));
  CHECK(holds(cache, 2));
  CHECK(cache.usage().replies == 1);
}

TEST_CASE("a cache takes as many octets as it was given before anything leaves") {
  for (const std::uint64_t size : {1u << 18, 1u << 24}) {
    CAPTURE(size);
    Cache cache(settings_of(size));
    std::size_t i = 0;
    for (; cache.usage().evictions == 0 && i < 1'000'000; ++i) store(cache, i, 40);
    CHECK(cache.usage().octets > size * 8 / 10);
    CHECK(cache.usage().octets <= size);
  }
}

TEST_CASE("in a full cache a name that was asked for again outlives those that were not") {
  constexpr std::size_t kFill = 5'000, kFlood = 500;  // replies of some 110 octets: all of the cache, and a fifth of it
  struct {
    const char* title;
    bool asked;
    std::size_t size_after;  // of the reply that comes then; 0: none
    bool stays;
  } cases[] = {
      {"never asked for", false, 0, false},
      {"asked for", true, 0, true},
      {"asked for in its last life", true, 20, true},
      {"asked for in its last life, when its reply was longer", true, 10, true},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      Cache cache(settings_of(256 << 10), 1);
      for (std::size_t i = 0; i < kFill; ++i) store(cache, i, 20);
      store(cache, 1'000'000, 20);
      if (c.asked) REQUIRE(holds(cache, 1'000'000));
      if (c.size_after != 0) store(cache, 1'000'000, c.size_after);
      for (std::size_t i = kFill; i < kFill + kFlood; ++i) store(cache, i, 20);
      CHECK(holds(cache, 1'000'000) == c.stays);
    }
  }
}

TEST_CASE("names that are asked for again and again outlive a flood of names of one question") {
  constexpr std::size_t kPopular = 100, kFlood = 20'000;
  const auto popular = [](std::size_t i) { return question_of("p" + std::to_string(i) + ".com"); };
  Cache cache(settings_of(1 << 20));
  for (std::size_t i = 0; i < kPopular; ++i) {
    const CachedReply reply(popular(i), {60}, "");
    cache.store(cache.key_of(popular(i)), reply.kept(), at(0));
    for (int asked = 0; asked < 20; ++asked) ask(cache, popular(i), at(0));
  }
  SUBCASE("of short replies") {
    for (std::size_t i = 0; i < kFlood; ++i) store(cache, i, 0);
  }
  SUBCASE("of failures") {
    for (std::size_t i = 0; i < kFlood; ++i) {
      const auto query = question_of(name_of(i));
      cache.failed(cache.key_of(query), dns::ExtendedError::NetworkError, 1s, at(0));
    }
  }
  SUBCASE("of failures that are over") {
    for (std::size_t i = 0; i < kFlood; ++i) {
      const auto query = question_of(name_of(i));
      cache.failed(cache.key_of(query), dns::ExtendedError::NetworkError, 1s, at(static_cast<int>(i / 1000)));
    }
  }
  std::size_t left = 0;
  for (std::size_t i = 0; i < kPopular; ++i) left += ask(cache, popular(i), at(1)) != "missing";
  CHECK(left == kPopular);
}

TEST_CASE("a name that comes back soon after it had to leave outlives those that do not") {
  Cache cache(settings_of(256 << 10), 1);
  for (std::size_t i = 0; i < 5'000; ++i) store(cache, i, 20);
  const std::size_t back = 4'000;
  REQUIRE_FALSE(holds(cache, back));
  store(cache, back, 20);
  for (std::size_t i = 5'000; i < 5'500; ++i) store(cache, i, 20);
  CHECK(holds(cache, back));
  CHECK_FALSE(holds(cache, 5'000));
}

TEST_CASE("a reload") {
  const auto stored = [](std::uint64_t size, std::size_t replies) {
    auto cache = std::make_unique<Cache>(settings_of(size));
    for (std::size_t i = 0; i < replies; ++i) store(*cache, i, 40);
    return cache;
  };
  SUBCASE("with a smaller size: what is over goes at once, the oldest first") {
    const auto cache = stored(32 << 20, 150'000);
    REQUIRE(cache->usage().replies == 150'000);
    cache->configure(settings_of(16 << 20));
    CHECK(cache->usage().octets <= 16 << 20);
    CHECK(cache->usage().octets > 12 << 20);
    CHECK(cache->usage().limit == 16 << 20);
    CHECK(cache->usage().replies + cache->usage().evictions == 150'000);
    CHECK(holds(*cache, 149'999));
    CHECK_FALSE(holds(*cache, 1));
  }
  SUBCASE("with a larger size: all stays") {
    const auto cache = stored(16 << 20, 50'000);
    cache->configure(settings_of(64 << 20));
    CHECK(cache->usage().replies == 50'000);
    for (std::size_t i = 0; i < 50'000; i += 997) CHECK(holds(*cache, i));
  }
  SUBCASE("with the same size and other limits: they hold at once") {
    const auto cache = stored(1 << 20, 10);
    auto settings = settings_of(1 << 20);
    settings.serve_stale = 0s;
    cache->configure(settings);
    CHECK(holds(*cache, 1));
    CHECK(ask(*cache, question_of(name_of(1)), at(60)) == "missing");
  }
  SUBCASE("with so much less that there are fewer shards: it is empty, and works") {
    const auto cache = stored(16 << 20, 1'000);
    cache->configure(settings_of(1 << 20));
    CHECK(cache->usage().replies == 0);
    store(*cache, 1, 40);
    CHECK(holds(*cache, 1));
    CHECK(cache->usage().replies == 1);
  }
  SUBCASE("without a cache, and with one again") {
    const auto cache = stored(1 << 20, 10);
    cache->configure(settings_of(0));
    CHECK(cache->usage().octets == 0);
    CHECK_FALSE(holds(*cache, 1));
    cache->configure(settings_of(1 << 20));
    CHECK_FALSE(holds(*cache, 1));
    store(*cache, 1, 40);
    CHECK(holds(*cache, 1));
  }
}
