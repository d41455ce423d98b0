#pragma once
// The forwarded half of /status: what an operator needs to see why names of others come slowly, or not at all. Control
// thread.

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <vector>

#include <meridian/config/config.hpp>

#include "control/frontend.hpp"

namespace meridian::control {

// What the cache holds, and what came of it since the start. `hit_ratio`: of the questions that it was looked at for;
// null: nobody asked.
boost::json::object cache_json(const Frontend& frontend);

// Counted since the start. Of the time that questions took: what half of them, and 99 of 100, stayed within, as the
// bound of a histogram's bucket; null: none was asked.
boost::json::object forwarding_json(const Frontend& frontend, const config::Forward& settings);

boost::json::object upstream_json(const UpstreamStatus& upstream);

}  // namespace meridian::control
