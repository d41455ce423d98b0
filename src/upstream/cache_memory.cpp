#include "upstream/cache_memory.hpp"

#include <sys/mman.h>

#include <new>

namespace meridian::upstream {

// Not from the heap: what an allocator gets back it may keep, in pieces, and what it hands out zeroed it has written.
CacheMemory::CacheMemory(std::size_t octets) : octets_(octets) {
  void* const got = ::mmap(nullptr, octets, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (got == MAP_FAILED) throw std::bad_alloc();
  start_ = static_cast<std::byte*>(got);
}

CacheMemory::~CacheMemory() {
  if (start_) ::munmap(start_, octets_);
}

}  // namespace meridian::upstream
