#include "control/metrics_forwarding.hpp"

#include <limits>

#include "control/worker_sum.hpp"

namespace meridian::control {
namespace {

using stats::WorkerCounters;
using Workers = std::vector<const WorkerCounters*>;

void add_cache(const CacheStatus& cache, const Workers& workers, Families& out) {
  out.gauge("meridian_cache_entries", "replies of upstreams that are kept").set(cache.replies);
  out.gauge("meridian_cache_bytes", "memory that the kept replies take, index included").set(cache.octets);
  out.gauge("meridian_cache_limit_bytes", "the most that they may take: forward.cache.size; 0: there is no cache")
      .set(cache.limit);
  out.counter("meridian_cache_evictions_total", "replies that went before their time, to make room")
      .set(cache.evictions);
  auto& hits = out.counter("meridian_cache_hits_total",
                           "answers from the cache: success, denial (NODATA or NXDOMAIN), or failure: SERVFAIL");
  hits.set(sum(workers, &WorkerCounters::cache_hits), {{"type", "success"}});
  hits.set(sum(workers, &WorkerCounters::cache_denials), {{"type", "denial"}});
  hits.set(sum(workers, &WorkerCounters::cache_failures), {{"type", "failure"}});
  out.counter("meridian_cache_misses_total", "questions that the cache had no answer to")
      .set(sum(workers, &WorkerCounters::cache_misses));
  out.counter("meridian_cache_served_stale_total", "answers after their end, because no upstream could be asked")
      .set(sum(workers, &WorkerCounters::cache_stale));
  out.counter("meridian_cache_prefetch_total", "popular answers that were asked for again before their end")
      .set(sum(workers, &WorkerCounters::cache_prefetches));
}

void add_latency(const Workers& workers, Families& out) {
  auto& metric = out.histogram("meridian_forward_duration_seconds", "from a forwarded question to its end").add({});
  std::uint64_t below = 0;
  for (std::size_t i = 0; i <= stats::kForwardLatencyBounds.size(); ++i) {
    for (const auto* worker : workers) below += worker->forward_latency[i].get();
    const bool last = i == stats::kForwardLatencyBounds.size();
    const double bound = last ? std::numeric_limits<double>::infinity() : stats::kForwardLatencyBounds[i] / 1000;
    metric.histogram.bucket.push_back({below, bound});
  }
  metric.histogram.sample_count = below;
  metric.histogram.sample_sum = double(sum(workers, &WorkerCounters::forward_latency_sum_us)) / 1e6;
}

void add_questions(const Workers& workers, Families& out) {
  const auto counter = [&](const char* name, const char* help, stats::Counter WorkerCounters::*cell) {
    out.counter(name, help).set(sum(workers, cell));
  };
  counter("meridian_forward_questions_total", "questions forwarded", &WorkerCounters::forwarded);
  counter("meridian_forward_coalesced_total", "questions that waited for the answer to the same one of somebody else",
          &WorkerCounters::coalesced);
  counter("meridian_forward_failures_total", "forwarded questions that ended in SERVFAIL",
          &WorkerCounters::forward_failed);
  counter("meridian_forward_refused_busy_total", "questions over max-in-flight", &WorkerCounters::forward_refused_busy);
  counter("meridian_forward_attempt_timeouts_total", "attempts without a reply", &WorkerCounters::upstream_timeouts);
  counter("meridian_forward_rejected_replies_total", "replies that were not believed: not to what was asked",
          &WorkerCounters::upstream_rejected);
  counter("meridian_forward_stray_replies_total",
          "replies that nobody waits for, or on another port than their question's: late, or guesses of a forger",
          &WorkerCounters::upstream_strays);
  counter("meridian_forward_double_replies_total",
          "second answers to one question: a forger, or a network that doubles", &WorkerCounters::upstream_doubles);
  counter("meridian_forward_ports_total", "UDP ports that questions were sent from", &WorkerCounters::upstream_ports);
  counter("meridian_forward_tcp_total", "questions asked again over TCP", &WorkerCounters::upstream_tcp);
  counter("meridian_forward_connections_total", "TCP and TLS connections to upstreams that were tried",
          &WorkerCounters::upstream_connections);
  counter("meridian_forward_loops_total", "questions of ours that came back to us", &WorkerCounters::upstream_loops);
  out.gauge("meridian_forward_in_flight", "questions upstream").set(sum(workers, &WorkerCounters::forward_in_flight));
}

void add_upstreams(const std::vector<UpstreamStatus>& upstreams, Families& out) {
  auto& up = out.gauge("meridian_upstream_up", "whether no worker holds an upstream for dead");
  auto& loop = out.gauge("meridian_upstream_loop", "1: what an upstream is asked comes back to us; it is not used");
  auto& rtt = out.gauge("meridian_upstream_rtt_seconds", "smoothed round trip");
  auto& queries = out.counter("meridian_upstream_queries_total", "questions sent to an upstream");
  auto& failures = out.counter("meridian_upstream_failures_total", "questions that an upstream did not answer well");
  for (const auto& upstream : upstreams) {
    const Labels labels{{"upstream", upstream.address}, {"zone", upstream.zone}};
    up.set(upstream.up, labels);
    loop.set(upstream.loop, labels);
    rtt.set(upstream.rtt_ms / 1000, labels);
    queries.set(upstream.queries, labels);
    failures.set(upstream.failures, labels);
  }
}

}  // namespace

void add_forwarding_metrics(const Frontend& frontend, const std::vector<UpstreamStatus>& upstreams, Families& out) {
  add_cache(frontend.cache(), frontend.counters, out);
  add_latency(frontend.counters, out);
  add_questions(frontend.counters, out);
  add_upstreams(upstreams, out);
}

}  // namespace meridian::control
