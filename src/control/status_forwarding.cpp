#include "control/status_forwarding.hpp"

#include <boost/json/value.hpp>

#include "control/worker_sum.hpp"

namespace meridian::control {
namespace {

namespace json = boost::json;
using stats::WorkerCounters;
using Workers = std::vector<const WorkerCounters*>;

// In milliseconds: the time within which `share` of all forwarded questions ended. None takes longer than `longest`.
json::value took(const Workers& workers, double share, config::milliseconds longest) {
  std::array<std::uint64_t, stats::kForwardLatencyBounds.size() + 1> buckets{};
  std::uint64_t all = 0;
  for (std::size_t i = 0; i < buckets.size(); ++i) {
    for (const auto* worker : workers) buckets[i] += worker->forward_latency[i].get();
    all += buckets[i];
  }
  if (all == 0) return nullptr;
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < stats::kForwardLatencyBounds.size(); ++i) {
    below += buckets[i];
    if (double(below) >= share * double(all)) return stats::kForwardLatencyBounds[i];
  }
  return double(longest.count());
}

}  // namespace

json::object cache_json(const Frontend& frontend) {
  const auto cache = frontend.cache();
  const auto& workers = frontend.counters;
  const auto success = sum(workers, &WorkerCounters::cache_hits), denial = sum(workers, &WorkerCounters::cache_denials),
             failure = sum(workers, &WorkerCounters::cache_failures),
             misses = sum(workers, &WorkerCounters::cache_misses);
  const auto hits = success + denial + failure;
  json::value ratio = nullptr;
  if (hits + misses > 0) ratio = double(hits) / double(hits + misses);
  return {{"replies", cache.replies},
          {"octets", cache.octets},
          {"limit", cache.limit},
          {"evictions", cache.evictions},
          {"hits", json::object{{"success", success}, {"denial", denial}, {"failure", failure}}},
          {"misses", misses},
          {"hit_ratio", std::move(ratio)},
          {"stale", sum(workers, &WorkerCounters::cache_stale)},
          {"prefetches", sum(workers, &WorkerCounters::cache_prefetches)}};
}

json::object forwarding_json(const Frontend& frontend, const config::Forward& settings) {
  const auto& workers = frontend.counters;
  return {{"questions", sum(workers, &WorkerCounters::forwarded)},
          {"in_flight", sum(workers, &WorkerCounters::forward_in_flight)},
          {"max_in_flight", settings.max_in_flight},
          {"half_within_ms", took(workers, 0.5, settings.timeout)},
          {"99_percent_within_ms", took(workers, 0.99, settings.timeout)},
          {"failures", sum(workers, &WorkerCounters::forward_failed)},
          {"refused_busy", sum(workers, &WorkerCounters::forward_refused_busy)},
          {"coalesced", sum(workers, &WorkerCounters::coalesced)},
          {"attempt_timeouts", sum(workers, &WorkerCounters::upstream_timeouts)},
          {"rejected_replies", sum(workers, &WorkerCounters::upstream_rejected)},
          {"stray_replies", sum(workers, &WorkerCounters::upstream_strays)},
          {"double_replies", sum(workers, &WorkerCounters::upstream_doubles)},
          {"tcp", sum(workers, &WorkerCounters::upstream_tcp)},
          {"connections", sum(workers, &WorkerCounters::upstream_connections)},
          {"loops", sum(workers, &WorkerCounters::upstream_loops)}};
}

json::object upstream_json(const UpstreamStatus& upstream) {
  return {{"address", upstream.address},  {"zone", upstream.zone},     {"up", upstream.up},
          {"loop", upstream.loop},        {"rtt_ms", upstream.rtt_ms}, {"queries", upstream.queries},
          {"failures", upstream.failures}};
}

}  // namespace meridian::control
