// Figures for more loads and sizes: bench/cache_bench --benchmark_filter=hit_rate.

#include <doctest/doctest.h>

#include "upstream/cache_load.hpp"

using namespace meridian::test;

TEST_CASE("a flood of names asked for once costs popular ones far less than it would cost them in a plain LRU") {
  struct {
    const char* title;
    double exponent, flood;
    unsigned addresses;  // in each reply
    double better;       // than a plain LRU of the same size, at least: part of all questions for popular names
  } cases[] = {
      {"without a flood", 1.0, 0, 4, 0.02},
      {"with one that is half of all", 1.0, 0.5, 4, 0.10},
      {"with one that is nine in ten", 1.0, 0.9, 4, 0.12},
      {"with one that is nine in ten, popularity less unequal", 0.9, 0.9, 4, 0.12},
      {"with one that is nine in ten, of short replies", 1.0, 0.9, 1, 0.10},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      CacheLoad load;
      load.exponent = c.exponent;
      load.flood = c.flood;
      load.addresses = c.addresses;
      load.questions = 200'000;
      load.cache_octets = 1 << 20;
      const HitRates rates = hit_rates(load);
      CAPTURE(rates.cache);
      CAPTURE(rates.lru);
      CHECK(rates.cache - rates.lru >= c.better);
    }
  }
}
