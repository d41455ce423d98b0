#include "control/metrics_workers.hpp"

#include <limits>

namespace meridian::control {
namespace {

using stats::WorkerCounters;
using Workers = std::vector<const WorkerCounters*>;

template <class Cell>
auto sum(const Workers& workers, Cell WorkerCounters::*cell) {
  decltype((workers.front()->*cell).get()) total = 0;
  for (const auto* worker : workers) total += (worker->*cell).get();
  return total;
}

// Queries by transport, type, rcode and place; cells that never counted are left out.
void add_queries(const Workers& workers, Families& out) {
  auto& family = out.counter("meridian_dns_queries_total", "queries by what became of them");
  for (std::size_t t = 0; t < std::size_t(stats::Transport::Count); ++t) {
    for (std::size_t q = 0; q < std::size_t(stats::QType::Count); ++q) {
      for (std::size_t r = 0; r < std::size_t(stats::RCode::Count); ++r) {
        for (std::size_t p = 0; p < std::size_t(stats::Place::Count); ++p) {
          std::uint64_t total = 0;
          for (const auto* worker : workers) {
            total += worker->queries.at(stats::Transport(t), stats::QType(q), stats::RCode(r), stats::Place(p)).get();
          }
          if (total == 0) continue;
          family.set(total, {{"transport", stats::to_text(stats::Transport(t))},
                             {"type", stats::to_text(stats::QType(q))},
                             {"rcode", stats::to_text(stats::RCode(r))},
                             {"where", stats::to_text(stats::Place(p))}});
        }
      }
    }
  }
}

void add_forward_latency(const Workers& workers, Families& out) {
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

}  // namespace

void add_worker_metrics(const Workers& workers, Families& out) {
  add_queries(workers, out);
  add_forward_latency(workers, out);
  const auto counter = [&](const char* name, const char* help, stats::Counter WorkerCounters::*cell) {
    out.counter(name, help).set(sum(workers, cell));
  };
  counter("meridian_udp_truncated_total", "replies over UDP with TC", &WorkerCounters::udp_truncated);
  counter("meridian_udp_send_errors_total", "replies that the kernel did not take", &WorkerCounters::udp_send_errors);
  counter("meridian_tcp_accepted_total", "connections", &WorkerCounters::tcp_accepted);
  counter("meridian_tcp_accept_pauses_total", "times that descriptors ran out", &WorkerCounters::tcp_accept_pauses);
  counter("meridian_tcp_refused_total", "connections over tcp-clients-per-address", &WorkerCounters::tcp_refused);
  counter("meridian_tcp_evicted_total", "idle connections closed for newer ones", &WorkerCounters::tcp_evicted);
  counter("meridian_tcp_timeouts_total", "connections closed after tcp-idle", &WorkerCounters::tcp_timeouts);
  counter("meridian_worker_adoptions_total", "zone sets taken over by workers", &WorkerCounters::adoptions);
  counter("meridian_forward_questions_total", "questions forwarded", &WorkerCounters::forwarded);
  counter("meridian_forward_failures_total", "forwarded questions that ended in SERVFAIL",
          &WorkerCounters::forward_failed);
  counter("meridian_forward_refused_busy_total", "questions over max-in-flight", &WorkerCounters::forward_refused_busy);
  counter("meridian_forward_attempt_timeouts_total", "attempts without a reply", &WorkerCounters::upstream_timeouts);
  counter("meridian_forward_rejected_replies_total", "replies that were not believed",
          &WorkerCounters::upstream_rejected);
  counter("meridian_forward_tcp_total", "questions asked again over TCP", &WorkerCounters::upstream_tcp);
  counter("meridian_query_log_dropped_total", "lines of the query log that were dropped",
          &WorkerCounters::query_log_dropped);
  out.gauge("meridian_tcp_open", "open connections").set(sum(workers, &WorkerCounters::tcp_open));
  out.gauge("meridian_forward_in_flight", "questions upstream").set(sum(workers, &WorkerCounters::forward_in_flight));
  out.gauge("meridian_workers", "worker threads").set(workers.size());
}

}  // namespace meridian::control
