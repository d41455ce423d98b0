#pragma once
// What the forwarders of all workers share; it outlives them.

#include <atomic>
#include <cstdint>
#include <functional>

#include <meridian/config/config.hpp>

#include "upstream/cache.hpp"
#include "upstream/questions_in_flight.hpp"

namespace meridian::upstream {

struct SharedState {
  explicit SharedState(const config::Forward& settings) : cache(settings.cache) {}

  Cache cache;
  QuestionsInFlight questions;
  std::atomic<std::uint32_t> waiting{0};  // clients' questions that wait for an upstream (relaxed)
  // Whether we listen there ourselves: such a nameserver of a resolv.conf is not asked. Set before the first worker.
  std::function<bool(const config::Endpoint&)> is_ours = [](const config::Endpoint&) { return false; };
};

}  // namespace meridian::upstream
