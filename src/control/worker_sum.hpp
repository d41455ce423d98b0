#pragma once
// One counter or gauge, added up over all workers.

#include <cstdint>
#include <vector>

#include <meridian/stats/counters.hpp>

namespace meridian::control {

template <class Cell>
auto sum(const std::vector<const stats::WorkerCounters*>& workers, Cell stats::WorkerCounters::*cell) {
  decltype((workers.front()->*cell).get()) total = 0;
  for (const auto* worker : workers) total += (worker->*cell).get();
  return total;
}

}  // namespace meridian::control
