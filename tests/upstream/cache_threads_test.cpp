// What ThreadSanitizer has to see: many threads, one cache, every call. Bounded by work, not by time.

#include <doctest/doctest.h>

#include <atomic>
#include <cstring>
#include <random>
#include <thread>

#include "upstream/cache_load.hpp"
#include "upstream/cached.hpp"

using namespace meridian;
using namespace meridian::test;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t kNames = 3'000;

// Asks, stores and fails names at random; counts replies that are not those of their questions.
void work(Cache& cache, unsigned seed, unsigned rounds, std::atomic<unsigned>& wrong) {
  std::mt19937 random(seed);
  NumberedReplies few(1), many(60);
  std::vector<std::uint8_t> room(dns::kMaxMessage);
  for (unsigned i = 0; i < rounds; ++i) {
    const std::uint64_t number = random() % kNames;
    const auto now = at_ms(static_cast<std::int64_t>(i) * 40 + random() % 20);
    auto& replies = number % 7 == 0 ? many : few;
    const auto key = cache.key_of(replies.question(number));
    const auto found = cache.find(key, now, room);
    if (found.state == Cache::State::Missing || found.state == Cache::State::Expired || random() % 50 == 0) {
      if (random() % 10 == 0) {
        cache.failed(key, dns::ExtendedError::NetworkError, 3s, now);
      } else {
        auto kept = replies.reply(number);
        kept.seconds = 1 + random() % 200;
        cache.store(key, kept, now);
      }
    } else if (found.state != Cache::State::Failed) {
      const auto& kept = replies.reply(number).reply;
      const std::size_t same = key.name.size() + 4;  // the question names the name
      if (found.reply.octets.size() != kept.octets.size() || found.reply.counts[0] != kept.counts[0] ||
          std::memcmp(&found.reply.octets[dns::kHeaderSize], &kept.octets[dns::kHeaderSize], same) != 0 ||
          std::memcmp(found.reply.octets.last(6).data(), kept.octets.last(6).data(), 6) != 0) {
        ++wrong;
      }
    }
  }
}

}  // namespace

TEST_CASE("many threads that ask, store, fail, flush and reload at once hear nothing wrong") {
  config::Forward::Cache settings;
  settings.size = 512 << 10;
  settings.serve_stale = 20s;
  Cache cache(settings);
  std::atomic<unsigned> wrong{0};
  std::atomic<bool> done{false};
  std::vector<std::thread> workers;
  for (unsigned seed = 1; seed <= 4; ++seed) {
    workers.emplace_back([&, seed] { work(cache, seed, 20'000, wrong); });
  }
  std::thread control([&] {
    const dns::FoldedName com(*dns::Name::from_text("example.com"));
    for (unsigned i = 0; !done; ++i) {
      auto other = settings;
      other.size = std::array<std::uint64_t, 4>{64 << 10, 512 << 10, 1 << 20, 0}[i % 4];  // 1 to 4 shards
      other.prefetch = i % 3 == 0;
      cache.configure(other);
      if (i % 5 == 0) cache.flush(com, i % 2 == 0);
      if (i % 11 == 0) cache.flush_all();
      if (const auto usage = cache.usage(); usage.octets > 1 << 20) ++wrong;
      std::this_thread::yield();
    }
  });
  for (auto& worker : workers) worker.join();
  done = true;
  control.join();
  CHECK(wrong == 0);
}

TEST_CASE("a popular reply near its end is refreshed by one of many") {
  for (unsigned round = 0; round < 50; ++round) {
    Cache cache(config::Forward::Cache{});
    const auto query = question_of("popular.example");
    cache.store(cache.key_of(query), CachedReply(query, {100}, "x").kept(), at(0));
    std::atomic<unsigned> refreshing{0};
    std::vector<std::thread> askers;
    for (unsigned i = 0; i < 4; ++i) {
      askers.emplace_back([&] {
        for (unsigned use = 0; use < 5; ++use) refreshing += ask(cache, query, at(95)).starts_with("refresh");
      });
    }
    for (auto& asker : askers) asker.join();
    CHECK(refreshing == 1);
  }
}
