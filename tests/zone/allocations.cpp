#include "zone/allocations.hpp"

#include <atomic>
#include <cstdlib>
#include <new>

namespace {
std::atomic<std::size_t> made = 0;
std::atomic<std::size_t> freed = 0;
}  // namespace

namespace meridian::test {
std::size_t allocations() {
  return made;
}
std::size_t live_blocks() {
  return made - freed;
}
}  // namespace meridian::test

void* operator new(std::size_t size) {
  ++made;
  if (void* block = std::malloc(size)) return block;
  throw std::bad_alloc();
}

void operator delete(void* block) noexcept {
  if (block) ++freed;
  std::free(block);
}

void operator delete(void* block, std::size_t) noexcept {
  operator delete(block);
}
