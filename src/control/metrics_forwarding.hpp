#pragma once
// What becomes of forwarded questions, as metric families: the cache, the questions, the upstreams. Where CoreDNS
// counts the same thing its name and labels are kept, with our prefix. Control thread.

#include <vector>

#include "control/frontend.hpp"
#include "control/metrics_family.hpp"

namespace meridian::control {

void add_forwarding_metrics(const Frontend& frontend, const std::vector<UpstreamStatus>& upstreams, Families& out);

}  // namespace meridian::control
