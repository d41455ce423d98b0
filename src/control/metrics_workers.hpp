#pragma once
// What workers count of their clients, added up, as metric families; what they count of upstreams is in
// metrics_forwarding. Control thread.

#include <vector>

#include <meridian/stats/counters.hpp>

#include "control/metrics_family.hpp"

namespace meridian::control {

void add_worker_metrics(const std::vector<const stats::WorkerCounters*>& workers, Families& out);

}  // namespace meridian::control
