#pragma once
// Where the entries of a shard are, and which names left it a moment ago. Both are plain tables in memory that somebody
// else owns, all zero when they are new. Not thread-safe: a shard of the cache guards them.

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <span>

namespace meridian::upstream {

// From a hash to places: open addressing with linear probing, eight octets a slot.
class CacheIndex {
 public:
  struct Slot {
    std::uint32_t hash = 0;
    std::uint32_t place = 0;  // 0: free
  };

  CacheIndex() = default;
  explicit CacheIndex(std::span<Slot> slots) : slots_(slots) {}

  std::size_t size() const { return size_; }
  // One slot in eight stays free, so that a search for what is not there ends soon.
  bool full() const { return size_ >= slots_.size() - (slots_.size() + 7) / 8; }

  // The first place under `hash` for which `matches(place)` is true; 0 if there is none.
  template <class F>
  std::uint32_t find(std::uint32_t hash, F&& matches) const {
    if (slots_.empty()) return 0;
    for (std::size_t i = home(hash); slots_[i].place != 0; i = next(i)) {
      if (slots_[i].hash == hash && matches(slots_[i].place)) return slots_[i].place;
    }
    return 0;
  }
  void insert(std::uint32_t hash, std::uint32_t place);  // asserts that it is not full
  void erase(std::uint32_t hash, std::uint32_t place);   // it must be there
  void move(std::uint32_t hash, std::uint32_t from, std::uint32_t to) { slots_[slot_of(hash, from)].place = to; }

 private:
  // Any number of slots will do: the upper half of a product falls evenly on them (Lemire).
  std::size_t home(std::uint32_t hash) const { return (std::uint64_t{hash} * slots_.size()) >> 32; }
  std::size_t next(std::size_t i) const { return i + 1 == slots_.size() ? 0 : i + 1; }
  std::size_t slot_of(std::uint32_t hash, std::uint32_t place) const;

  std::span<Slot> slots_;
  std::size_t size_ = 0;
};

// What left lately without having been asked for again: who comes back soon was popular after all. Sixteen bits of each
// hash, in rows of sixteen that are a short queue each, so that remembering costs one move within half a cache line;
// one name in 4,000 is taken for another, and then gets more than it is due.
class CacheGhosts {
 public:
  using Mark = std::uint16_t;
  static constexpr std::size_t kRow = 16;

  CacheGhosts() = default;
  explicit CacheGhosts(std::span<Mark> marks) : marks_(marks) {}  // a multiple of kRow

  void remember(std::uint32_t hash);
  bool take(std::uint32_t hash);  // was it there? It is not any more

 private:
  std::span<Mark> row(std::uint32_t hash) const {
    const std::size_t rows = marks_.size() / kRow;
    return marks_.subspan(((std::uint64_t{hash} * rows) >> 32) * kRow, kRow);
  }

  std::span<Mark> marks_;  // 0: free
};

}  // namespace meridian::upstream
