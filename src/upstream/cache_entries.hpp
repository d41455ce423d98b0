#pragma once
// The entries of one shard of the cache, and which of them leave when there is no room. Not thread-safe.
//
// Eviction is S3-FIFO (Yang, Zhang, Qiu, Yue, Vinayak: "FIFO queues are all you need for cache eviction", SOSP 2023).
// What is new goes to a small queue, and on to the main queue only if it was asked for again before it came to the end
// of it, so that names asked for once never push out the popular ones. What was popular too late is remembered by its
// hash alone and goes straight to the main queue when it comes back. In the main queue, what was asked for since it was
// last looked at gets another round. A use only counts: nothing moves when something is found.

#include <cstddef>
#include <cstdint>
#include <span>

#include "upstream/cache_entry.hpp"
#include "upstream/cache_index.hpp"
#include "upstream/cache_memory.hpp"
#include "upstream/cache_ring.hpp"

namespace meridian::upstream {

class CacheEntries {
 public:
  // Takes no more than `limit` octets, index and queues together, and what was never written takes none. With less than
  // kLeast it holds nothing. Throws std::bad_alloc.
  explicit CacheEntries(std::size_t limit = 0);
  static constexpr std::size_t kLeast = 512;

  std::size_t limit() const { return limit_; }
  std::size_t replies() const { return replies_; }        // failures do not count
  std::uint64_t evictions() const { return evictions_; }  // of replies that were still fresh
  std::size_t octets() const;                             // of the entries, with their part of the index

  CacheEntry* find(const Cache::Key& key);
  // In place of what was there; `kept` nullptr: an entry without a reply. Any entry may leave, and all may move:
  // pointers to entries are no good afterwards. nullptr: too large to be kept.
  CacheEntry* put(const Cache::Key& key, const dns::Keepable* kept, const CacheMoment& moment);
  void remove(CacheEntry& entry);
  // Calls `visit(CacheEntry&)` for all; it may remove them.
  template <class F>
  void for_each(F&& visit) {
    for (CacheRing* queue : {&small_, &main_}) {
      queue->for_each([&](RingRecord& record) { visit(static_cast<CacheEntry&>(record)); });
    }
  }
  // Takes over what the other holds, the oldest first, so that the newest stay where there is room for a part only.
  void take_all(CacheEntries& other, const CacheMoment& moment);
  void clear();  // gives all memory back

 private:
  std::byte* make_room(std::uint32_t size, CacheRing& queue, const CacheMoment& moment);
  void step_small(const CacheMoment& moment);
  void step_main(unsigned& moves, const CacheMoment& moment);
  void make_room_main(std::uint32_t size, const CacheMoment& moment);
  bool has_room_main(std::uint32_t size, const CacheMoment& moment);
  CacheEntry& enter(std::byte* place, std::uint8_t visits);
  void push_main(CacheEntry& entry, std::uint32_t place_before, std::uint8_t visits);
  void evict(CacheEntry& entry, const CacheMoment& moment);

  CacheRing& queue_of(const CacheEntry& entry);
  std::uint32_t place_of(const CacheEntry& entry) const;
  CacheEntry& entry_at(std::uint32_t place) const;

  CacheMemory memory_;
  std::size_t limit_ = 0;
  CacheIndex index_;
  CacheGhosts ghosts_;
  CacheRing small_, main_;
  std::byte* queues_ = nullptr;  // where the small queue begins; the main queue lies behind it
  std::size_t replies_ = 0;
  std::uint64_t evictions_ = 0;
};

}  // namespace meridian::upstream
