#pragma once
// A piece of zeroed memory of its own: pages that were never written take nothing, and all go back when it goes.

#include <cstddef>
#include <utility>

namespace meridian::upstream {

class CacheMemory {
 public:
  CacheMemory() = default;
  explicit CacheMemory(std::size_t octets);  // throws std::bad_alloc
  ~CacheMemory();
  CacheMemory(CacheMemory&& other) noexcept
      : start_(std::exchange(other.start_, nullptr)), octets_(std::exchange(other.octets_, 0)) {}
  CacheMemory& operator=(CacheMemory&& other) noexcept {
    std::swap(start_, other.start_);
    std::swap(octets_, other.octets_);
    return *this;
  }

  std::byte* start() const { return start_; }

 private:
  std::byte* start_ = nullptr;
  std::size_t octets_ = 0;
};

}  // namespace meridian::upstream
