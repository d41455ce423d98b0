#pragma once
// How often this program has called operator new: what a change costs, without a clock.

#include <cstddef>

namespace meridian::test {

std::size_t allocations();  // so far
std::size_t live_blocks();  // allocated and not freed yet

}  // namespace meridian::test
