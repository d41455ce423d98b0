#pragma once
// The whole server on one page of JSON: /status and /readyz. Control thread.

#include <boost/json/object.hpp>
#include <vector>

#include "control/view.hpp"

namespace meridian::control {

boost::json::object readiness_json(const View& view);
boost::json::object status_json(const View& view, const std::vector<UpstreamStatus>& upstreams);

}  // namespace meridian::control
