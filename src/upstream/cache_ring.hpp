#pragma once
// A first-in first-out queue of records of any size in one fixed piece of memory: records lie one behind the other, the
// newest is written where the oldest left. Nothing is allocated and nothing is fragmented, so what the queue takes is
// what it was given. Not thread-safe: a shard of the cache guards it.

#include <cstddef>
#include <cstdint>

namespace meridian::upstream {

// The front of every record; whoever pushes a record derives its own from this.
struct RingRecord {
  static constexpr std::uint32_t kUnit = 8;  // octets: sizes are multiples of this, and records are aligned to it
  std::uint32_t size = 0;                    // octets, this included
  bool dead = false;                         // of no use any more: its place is free once it is the oldest

  static constexpr std::uint32_t rounded(std::size_t octets) {
    return static_cast<std::uint32_t>((octets + kUnit - 1) / kUnit * kUnit);
  }
};

class CacheRing {
 public:
  CacheRing() = default;
  // Borrows `memory`, which must be aligned for records; `capacity` in octets is a multiple of kUnit.
  CacheRing(std::byte* memory, std::uint32_t capacity) : memory_(memory), capacity_(capacity) {}

  std::uint32_t capacity() const { return capacity_; }
  std::uint32_t dead() const { return dead_; }          // octets of dead records
  std::uint32_t live() const { return used_ - dead_; }  // octets of the others
  bool fits(std::uint32_t size) const;                  // now, without anything leaving

  // Room for a record of `size` octets behind the newest; asserts that it fits. The caller writes the record there, its
  // `size` included, before anything else is called. The octets of a record popped just before are still whole: it may
  // be moved there with memmove.
  std::byte* push(std::uint32_t size);
  RingRecord* oldest();  // dead or alive; nullptr: the queue is empty
  void pop();            // the oldest leaves
  void kill(RingRecord& record);

  // Calls `visit(RingRecord&)` for each living record, the oldest first; it may kill them.
  template <class F>
  void for_each(F&& visit) {
    std::uint32_t at = tail_;
    for (std::uint32_t left = used_; left > 0;) {
      RingRecord& record = *at_offset(at);
      const std::uint32_t size = record.size;
      if (!record.dead) visit(record);
      left -= size;
      at = at + size == capacity_ ? 0 : at + size;
    }
  }

 private:
  RingRecord* at_offset(std::uint32_t offset) const { return reinterpret_cast<RingRecord*>(memory_ + offset); }

  std::byte* memory_ = nullptr;
  std::uint32_t capacity_ = 0;
  std::uint32_t head_ = 0;  // where the next record goes
  std::uint32_t tail_ = 0;  // where the oldest is
  std::uint32_t used_ = 0;  // octets from tail_ to head_, dead ones and the unused end included
  std::uint32_t dead_ = 0;  // of those, the dead ones and the unused end
};

}  // namespace meridian::upstream
