#include "upstream/cache_ring.hpp"

#include <cassert>
#include <new>

namespace meridian::upstream {

static_assert(sizeof(RingRecord) == RingRecord::kUnit, "the smallest end that a record leaves unused must hold one");

bool CacheRing::fits(std::uint32_t size) const {
  if (used_ == 0) return size <= capacity_;
  if (head_ <= tail_) return size <= tail_ - head_;  // equal: full
  return size <= capacity_ - head_ || size <= tail_;
}

std::byte* CacheRing::push(std::uint32_t size) {
  assert(fits(size) && size >= sizeof(RingRecord) && size % RingRecord::kUnit == 0);
  if (used_ == 0) head_ = tail_ = 0;
  if (head_ >= tail_ && size > capacity_ - head_) {  // a record does not go round the corner
    const std::uint32_t unused = capacity_ - head_;
    new (memory_ + head_) RingRecord{unused, true};
    used_ += unused;
    dead_ += unused;
    head_ = 0;
  }
  std::byte* const place = memory_ + head_;
  used_ += size;
  head_ += size;
  if (head_ == capacity_) head_ = 0;
  return place;
}

RingRecord* CacheRing::oldest() {
  return used_ == 0 ? nullptr : at_offset(tail_);
}

void CacheRing::pop() {
  const RingRecord& record = *oldest();
  used_ -= record.size;
  if (record.dead) dead_ -= record.size;
  tail_ += record.size;
  if (tail_ == capacity_) tail_ = 0;
}

void CacheRing::kill(RingRecord& record) {
  assert(!record.dead);
  record.dead = true;
  dead_ += record.size;
}

}  // namespace meridian::upstream
