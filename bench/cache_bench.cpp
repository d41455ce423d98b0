// What the cache of forwarded replies costs, and how often it has what is asked for.

#include <benchmark/benchmark.h>

#include <fstream>
#include <mutex>
#include <random>
#include <vector>

#include "upstream/cache_load.hpp"

using namespace meridian;
using upstream::Cache;

namespace {

constexpr std::size_t kWarm = 1000;  // names, so that the processor's caches hold them
const Cache::Time kNow{std::chrono::hours(1)};

config::Forward::Cache settings_of(std::uint64_t size) {
  config::Forward::Cache settings;
  settings.size = size;
  return settings;
}

// One cache for all threads and all programs: `range(0)` names, each with a reply of 100 octets.
Cache& cache_of(std::size_t names) {
  static std::size_t filled = 0;
  static Cache cache(settings_of(256 << 20));
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  if (filled != names) {
    cache.flush_all();
    test::NumberedReplies replies;
    for (std::uint64_t i = 0; i < names; ++i) cache.store(cache.key_of(replies.question(i)), replies.reply(i), kNow);
    filled = names;
  }
  return cache;
}

void ask(benchmark::State& state, std::uint64_t first, Cache::State expected) {
  const auto names = static_cast<std::size_t>(state.range(0));
  Cache& cache = cache_of(names);
  test::NumberedReplies replies;
  std::mt19937 random(static_cast<unsigned>(state.thread_index()));
  std::vector<dns::Query> questions;
  for (std::size_t i = 0; i < kWarm; ++i) questions.push_back(replies.question(first + random() % names));
  std::vector<std::uint8_t> room(dns::kMaxMessage);
  std::size_t i = 0;
  for (auto _ : state) {
    const auto found = cache.find(cache.key_of(questions[i]), kNow, room);
    if (found.state != expected) state.SkipWithError("found something else");
    benchmark::DoNotOptimize(found.reply.octets.data());
    i = (i + 1) % questions.size();
  }
}

void hit(benchmark::State& state) {
  ask(state, 0, Cache::State::Fresh);
}

void miss(benchmark::State& state) {
  ask(state, 1'000'000'000, Cache::State::Missing);
}

// Of that the hash is:
void hashing(benchmark::State& state) {
  Cache cache(settings_of(1 << 20));
  test::NumberedReplies replies;
  const dns::Query& question = replies.question(17);
  for (auto _ : state) benchmark::DoNotOptimize(cache.key_of(question).hash);
}

// A name that is there already gets a new life.
void store_again(benchmark::State& state) {
  Cache cache(settings_of(64 << 20));
  test::NumberedReplies replies;
  std::uint64_t i = 0;
  for (auto _ : state) {
    cache.store(cache.key_of(replies.question(i)), replies.reply(i), kNow);
    i = (i + 1) % kWarm;
  }
}

// A new name each time, into a cache of `range(0)` MiB that is full: something leaves for it.
void store_into_full(benchmark::State& state) {
  Cache cache(settings_of(static_cast<std::uint64_t>(state.range(0)) << 20));
  test::NumberedReplies replies;
  std::uint64_t i = 0;
  while (cache.usage().evictions == 0 || i % 100'000 != 0) {
    cache.store(cache.key_of(replies.question(i)), replies.reply(i), kNow);
    ++i;
  }
  for (auto _ : state) {
    cache.store(cache.key_of(replies.question(i)), replies.reply(i), kNow);
    ++i;
  }
}

std::size_t resident_octets() {
  std::size_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages >> pages;
  return pages * 4096;
}

// A full cache of 64 MiB: octets a reply of 100 octets takes, and what the process has grown by.
void full_cache(benchmark::State& state) {
  for (auto _ : state) {
    const std::size_t before = resident_octets();
    Cache cache(settings_of(64 << 20));
    test::NumberedReplies replies(static_cast<unsigned>(state.range(0)));
    std::uint64_t i = 0;
    for (; i < 1'000'000; ++i) cache.store(cache.key_of(replies.question(i)), replies.reply(i), kNow);
    const auto usage = cache.usage();
    state.counters["reply_octets"] = static_cast<double>(replies.reply(0).reply.octets.size());
    state.counters["replies"] = static_cast<double>(usage.replies);
    state.counters["octets_a_reply"] = static_cast<double>(usage.octets) / static_cast<double>(usage.replies);
    state.counters["grown_MiB"] = static_cast<double>(resident_octets() - before) / (1 << 20);
  }
}

// Questions for popular names by Zipf's law with an exponent of range(0) / 10, range(1) % of the questions for names
// that nobody asks for again, a cache of range(2) MiB.
void hit_rate(benchmark::State& state) {
  test::CacheLoad load;
  load.exponent = static_cast<double>(state.range(0)) / 10;
  load.flood = static_cast<double>(state.range(1)) / 100;
  load.cache_octets = static_cast<std::uint64_t>(state.range(2)) << 20;
  for (auto _ : state) {
    const auto rates = test::hit_rates(load);
    state.counters["cache_%"] = 100 * rates.cache;
    state.counters["lru_%"] = 100 * rates.lru;
  }
}

BENCHMARK(hashing);
BENCHMARK(hit)->Arg(1'000)->Arg(1'000'000);
BENCHMARK(hit)->Arg(1'000)->Threads(2);
BENCHMARK(miss)->Arg(1'000)->Arg(1'000'000);
BENCHMARK(store_again);
BENCHMARK(store_into_full)->Arg(1)->Arg(64);
BENCHMARK(full_cache)->Arg(1)->Arg(4)->Arg(10)->Iterations(1)->Unit(benchmark::kMillisecond);
BENCHMARK(hit_rate)->ArgsProduct({{9, 10}, {0, 50, 90}, {1, 2, 8}})->Iterations(1)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
