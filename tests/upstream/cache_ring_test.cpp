#include "upstream/cache_ring.hpp"

#include <doctest/doctest.h>

#include <cstring>
#include <deque>
#include <random>
#include <vector>

#include "upstream/cache_index.hpp"

using namespace meridian::upstream;

namespace {

// A record that is full of its number.
struct Numbered {
  std::uint32_t number;
  std::uint32_t size;
  RingRecord* record;
  bool dead = false;
};

void write(std::byte* place, std::uint32_t number, std::uint32_t size) {
  std::memset(place, static_cast<int>(number & 0xff), size);
  new (place) RingRecord{size};
}

bool whole(const Numbered& n) {
  const auto* const octets = reinterpret_cast<const std::uint8_t*>(n.record);
  for (std::uint32_t i = sizeof(RingRecord); i < n.size; ++i) {
    if (octets[i] != (n.number & 0xff)) return false;
  }
  return n.record->size == n.size && n.record->dead == n.dead;
}

}  // namespace

TEST_CASE("a ring holds what was pushed, in order, whatever its size") {
  for (const std::uint32_t capacity : {64u, 200u, 1000u, 8000u}) {
    CAPTURE(capacity);
    std::vector<std::uint64_t> memory(capacity / 8);
    CacheRing ring(reinterpret_cast<std::byte*>(memory.data()), capacity);
    std::deque<Numbered> expected;
    std::mt19937 random(capacity);
    const auto pop = [&] {
      while (ring.oldest() != nullptr && (expected.empty() || ring.oldest() != expected.front().record)) {
        REQUIRE(ring.oldest()->dead);  // the unused end
        ring.pop();
      }
      if (expected.empty()) return;
      ring.pop();
      expected.pop_front();
    };
    for (std::uint32_t number = 0; number < 20'000; ++number) {
      const std::uint32_t size = RingRecord::kUnit * (1 + random() % (capacity / 8));
      while (!ring.fits(size)) {
        REQUIRE(ring.oldest() != nullptr);
        pop();
      }
      expected.push_back({number, size, reinterpret_cast<RingRecord*>(ring.push(size))});
      write(reinterpret_cast<std::byte*>(expected.back().record), number, size);
      if (auto& one = expected[random() % expected.size()]; random() % 4 == 0 && !one.dead) {
        ring.kill(*one.record);
        one.dead = true;
      }
      if (random() % 5 == 0) pop();
      if (random() % 5 == 0 && !expected.empty() && !expected.front().dead) {  // the oldest becomes the newest
        while (ring.oldest() != expected.front().record) ring.pop();
        Numbered moved = expected.front();
        ring.pop();
        expected.pop_front();
        REQUIRE(ring.fits(moved.size));
        std::byte* const place = ring.push(moved.size);
        std::memmove(place, moved.record, moved.size);
        moved.record = reinterpret_cast<RingRecord*>(place);
        expected.push_back(moved);
      }
      std::uint32_t live = 0;
      std::size_t i = 0;
      for (const auto& one : expected) {
        REQUIRE(whole(one));
        if (!one.dead) live += one.size;
      }
      REQUIRE(ring.live() == live);
      ring.for_each([&](RingRecord& record) {
        while (expected[i].dead) ++i;
        REQUIRE(&record == expected[i++].record);
      });
    }
  }
}

TEST_CASE("an index finds what is in it and nothing else") {
  std::vector<CacheIndex::Slot> slots(40);
  CacheIndex index(slots);
  std::vector<CacheIndex::Slot> expected;
  std::mt19937 random(3);
  const std::uint32_t hashes[] = {0, 1, 0x7fffffff, 0x80000000, 0xf0000000, 0xfffffffe, 0xffffffff};
  for (std::uint32_t place = 1; place < 20'000; ++place) {
    const auto pick = random() % 3;
    if (pick < 2 && !index.full()) {
      const std::uint32_t hash = random() % 2 ? static_cast<std::uint32_t>(random()) : hashes[random() % 7];
      index.insert(hash, place);
      expected.push_back({hash, place});
    } else if (!expected.empty()) {
      auto& one = expected[random() % expected.size()];
      if (random() % 3 == 0) {
        index.move(one.hash, one.place, place);
        one.place = place;
      } else {
        index.erase(one.hash, one.place);
        one = expected.back();
        expected.pop_back();
      }
    }
    REQUIRE(index.size() == expected.size());
    for (const auto& one : expected) {
      REQUIRE(index.find(one.hash, [&](std::uint32_t at) { return at == one.place; }) == one.place);
    }
    REQUIRE(index.find(static_cast<std::uint32_t>(random()), [](std::uint32_t) { return false; }) == 0);
  }
}

TEST_CASE("ghosts are remembered in order, and once") {
  std::vector<CacheGhosts::Mark> marks(CacheGhosts::kRow);
  CacheGhosts ghosts(marks);
  CHECK_FALSE(ghosts.take(5));
  for (std::uint32_t hash = 1; hash <= CacheGhosts::kRow + 2; ++hash) ghosts.remember(hash);
  CHECK_FALSE(ghosts.take(1));
  CHECK_FALSE(ghosts.take(2));
  CHECK(ghosts.take(3));
  CHECK_FALSE(ghosts.take(3));
  CHECK(ghosts.take(18));
  ghosts.remember(20);
  ghosts.remember(21);
  CHECK(ghosts.take(4));
}
