#pragma once
// How often a cache has what is asked for, beside a plain LRU of the same size: a simulation without a clock, the same
// each time. Popular names by Zipf's law, and a flood of names that nobody asks for again.

#include <array>
#include <cstdint>
#include <list>
#include <unordered_map>
#include <vector>

#include "upstream/cache.hpp"

namespace meridian::test {

// A question and its reply by number: "<number>.example.com. A", with `addresses` in the reply. 100 octets with four
// addresses. What it gives is good until the next call.
class NumberedReplies {
 public:
  explicit NumberedReplies(unsigned addresses = 4);
  const dns::Query& question(std::uint64_t number);
  const dns::Keepable& reply(std::uint64_t number);

 private:
  dns::Query query_;
  std::vector<std::uint8_t> octets_;
  dns::Keepable kept_;
};

// The textbook's: whatever was asked for last stays.
class PlainLru {
 public:
  explicit PlainLru(std::uint64_t octets) : limit_(octets) {}
  bool find(std::uint64_t number);
  void store(std::uint64_t number, std::size_t octets);

 private:
  struct Item {
    std::uint64_t number;
    std::size_t octets;
  };
  std::uint64_t limit_;
  std::uint64_t used_ = 0;
  std::list<Item> items_;  // the last used first
  std::unordered_map<std::uint64_t, std::list<Item>::iterator> index_;
};

struct CacheLoad {
  std::size_t names = 100'000;  // popular ones
  double exponent = 1.0;        // of Zipf's law
  double flood = 0;             // part of all questions that nobody asks again
  unsigned addresses = 4;       // in each reply
  std::size_t questions = 1'000'000;
  std::uint64_t cache_octets = 2 << 20;
  std::uint64_t seed = 1;
};

// Of the questions for popular names in the second half of the load, the part that was answered from the cache.
struct HitRates {
  double cache = 0;
  double lru = 0;
};
HitRates hit_rates(const CacheLoad& load);

}  // namespace meridian::test
