#pragma once
// The workers' counters, added up, as metric families. Control thread.

#include <vector>

#include <meridian/stats/counters.hpp>

#include "control/metrics_family.hpp"

namespace meridian::control {

void add_worker_metrics(const std::vector<const stats::WorkerCounters*>& workers, Families& out);

}  // namespace meridian::control
