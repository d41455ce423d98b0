#pragma once
// What the forwarders of all workers share; it outlives them.

#include <atomic>
#include <cstdint>
#include <functional>
#include <utility>

#include <meridian/config/config.hpp>

#include "upstream/cache.hpp"
#include "upstream/loop_guard.hpp"
#include "upstream/questions_in_flight.hpp"
#include "upstream/tls_client.hpp"

namespace meridian::upstream {

struct SharedState {
  using IsOurs = std::function<bool(const config::Endpoint&)>;

  // `ours`: whether we listen there ourselves (own_addresses.hpp). Throws as TlsClient::trust() and Cache().
  explicit SharedState(const config::Forward& settings, IsOurs ours = {})
      : is_ours(std::move(ours)), cache(settings.cache) {
    tls.trust(settings);
  }

  const IsOurs is_ours;
  Cache cache;
  TlsClient tls;
  QuestionsInFlight questions;
  LoopGuard loops;
  bool watch_loops = true;  // false where upstreams count what they are asked; set before the first forwarder
  std::atomic<std::uint32_t> waiting{0};  // clients' questions that wait for an upstream (relaxed)
};

}  // namespace meridian::upstream
