#pragma once
// /metrics: everything that is counted, in Prometheus' text form. Control thread.

#include <string>
#include <vector>

#include "control/view.hpp"

namespace meridian::control {

// The label values come from the configuration and from fixed lists, never from what clients ask.
std::string metrics_text(const View& view, const std::vector<UpstreamStatus>& upstreams);

}  // namespace meridian::control
