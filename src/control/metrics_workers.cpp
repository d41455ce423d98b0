#include "control/metrics_workers.hpp"

#include "control/worker_sum.hpp"

namespace meridian::control {
namespace {

using stats::WorkerCounters;
using Workers = std::vector<const WorkerCounters*>;

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

}  // namespace

void add_worker_metrics(const Workers& workers, Families& out) {
  add_queries(workers, out);
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
  counter("meridian_query_log_dropped_total", "lines of the query log that were dropped",
          &WorkerCounters::query_log_dropped);
  out.gauge("meridian_tcp_open", "open connections").set(sum(workers, &WorkerCounters::tcp_open));
  out.gauge("meridian_workers", "worker threads").set(workers.size());
}

}  // namespace meridian::control
