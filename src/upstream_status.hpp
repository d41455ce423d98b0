#pragma once
// What all workers know of the upstreams, as one list.

#include <functional>
#include <memory>
#include <vector>

#include "control/frontend.hpp"
#include "server/worker.hpp"

namespace meridian {

// Asks every worker; `done` is called on the control thread when the last one has answered.
void gather_upstreams(const std::vector<std::unique_ptr<server::Worker>>& workers,
                      std::function<void(std::vector<control::UpstreamStatus>)> done);

}  // namespace meridian
