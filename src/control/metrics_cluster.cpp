#include "control/metrics_cluster.hpp"

namespace meridian::control {
namespace {

void add_watching(const Reconciler& reconciler, Families& out) {
  auto& requests =
      out.counter("meridian_kubernetes_requests_total", "lists and watches that began, and those that failed");
  auto& events = out.counter("meridian_kubernetes_events_total", "changes that watches told");
  auto& expired = out.counter("meridian_kubernetes_expired_total", "positions that were too old (410): listed again");
  auto& skipped = out.counter("meridian_kubernetes_skipped_objects_total",
                              "objects that were passed over: longer than limits.object-size, or no JSON");
  for (const auto& source : reconciler.sources().status()) {
    if (!source.state.watching) continue;
    const auto& it = *source.state.watching;
    const Labels labels{{"source", source.name}};
    requests.set(it.lists, {{"source", source.name}, {"kind", "list"}});
    requests.set(it.watches, {{"source", source.name}, {"kind", "watch"}});
    requests.set(it.failures, {{"source", source.name}, {"kind", "failed"}});
    events.set(it.events, labels);
    expired.set(it.expired, labels);
    skipped.set(it.skipped, labels);
  }
}

void add_ledger(const VipKeeper& vips, Families& out) {
  out.gauge("meridian_ledger_writer", "whether this process gives VIPs away: of replicas that share a ledger, one does")
      .set(vips.allocates());
  out.counter("meridian_ledger_conflicts_total", "records of the ledger that contradicted each other: the older held")
      .set(vips.ledger().conflicts());
}

// `writer`: null, where nothing is written back.
void add_write_back(const VipWriter* writer, Families& out) {
  auto& writes = out.counter("meridian_write_back_total", "writes of spec.addresses, by what came of them");
  auto& pending = out.gauge("meridian_write_back_pending", "entries whose spec.addresses is not yet as it shall be");
  auto& events = out.counter("meridian_kubernetes_event_objects_total", "Events for the owners of entries");
  auto& conflicts =
      out.gauge("meridian_write_back_conflicts", "entries whose hosts have several VIPs: not written back");
  if (!writer) return;
  conflicts.set(double(writer->conflicts().size()));
  const auto& counts = writer->write_back().counts();
  const std::pair<const char*, std::uint64_t> results[] = {
      {"written", counts.written},    {"taken-back", counts.taken_back},
      {"conflict", counts.conflicts}, {"forbidden", counts.forbidden},
      {"denied", counts.denied},      {"invalid", counts.invalid},
      {"gone", counts.gone},          {"throttled", counts.throttled},
      {"failed", counts.failed},      {"unreachable", counts.unreachable}};
  for (const auto& [result, count] : results) writes.set(count, {{"result", result}});
  pending.set(double(writer->write_back().pending()));
  events.set(writer->events().sent(), {{"result", "sent"}});
  events.set(writer->events().dropped(), {{"result", "dropped"}});
}

}  // namespace

void add_cluster_metrics(const Reconciler& reconciler, Families& out) {
  add_watching(reconciler, out);
  add_ledger(reconciler.vips(), out);
  add_write_back(reconciler.writer(), out);
  if (const auto* admiral = reconciler.admiral()) {
    out.gauge("meridian_admiral_addresses", "addresses of Admiral's that are no VIPs of ours").set(admiral->size());
  }
}

}  // namespace meridian::control
