#include "control/metrics.hpp"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include "control/metrics_cluster.hpp"
#include "control/metrics_family.hpp"
#include "control/metrics_forwarding.hpp"
#include "control/metrics_workers.hpp"
#include "control/readiness.hpp"

namespace meridian::control {
namespace {

void add_process(const View& view, Families& out) {
  out.gauge("meridian_build_info", "1, with the version as label").set(1, {{"version", MERIDIAN_VERSION}});
  const auto started = std::chrono::duration<double>(view.started.time_since_epoch()).count();
  out.gauge("meridian_start_time_seconds", "when this process started, unix time").set(started);
  out.gauge("meridian_ready", "whether /readyz says yes").set(readiness(view).ready);
  auto& reloads = out.counter("meridian_config_reloads_total", "readings of a changed configuration");
  reloads.set(view.reload.reloads(), {{"result", "applied"}});
  reloads.set(view.reload.failures(), {{"result", "refused"}});
}

void add_zones(const Reconciler& reconciler, Families& out) {
  auto& hosts = out.gauge("meridian_zone_hosts", "hosts of entries in a zone");
  auto& names = out.gauge("meridian_zone_names", "names in a zone, empty non-terminals too");
  auto& serial = out.gauge("meridian_zone_serial", "SOA serial");
  auto& ready = out.gauge("meridian_zone_ready", "0: names that are not found are answered SERVFAIL");
  for (const auto& zone : reconciler.zones().zones()) {
    const Labels labels{{"zone", zone->spec().apex.to_text()}};
    hosts.set(zone->hosts(), labels);
    names.set(zone->names(), labels);
    serial.set(zone->serial(), labels);
    ready.set(zone->ready(), labels);
  }
  const auto changed = std::chrono::duration<double>(reconciler.last_change().time_since_epoch()).count();
  out.gauge("meridian_zone_last_change_timestamp_seconds", "when the answers changed last, unix time").set(changed);
  out.counter("meridian_zone_publications_total", "zone sets given to the workers").set(reconciler.publications());
}

void add_sources(const Reconciler& reconciler, Families& out) {
  auto& age = out.gauge("meridian_source_age_seconds", "since a source was last seen to be right");
  auto& up = out.gauge("meridian_source_up", "whether the last look at a source succeeded");
  auto& synced = out.gauge("meridian_source_synced", "whether a source was read completely since the start");
  auto& stale = out.gauge("meridian_source_stale", "whether the entries of the last run are served for a source");
  auto& held = out.gauge("meridian_source_held_changes", "changes that the mass-delete guard holds back");
  auto& entries = out.gauge("meridian_entries", "ServiceEntries by source and state");
  for (const auto& source : reconciler.sources().status()) {
    const Labels labels{{"source", source.name}};
    age.set(source.age, labels);
    up.set(source.state.up, labels);
    synced.set(source.state.synced, labels);
    stale.set(source.stale, labels);
    held.set(source.held, labels);
    entries.set(source.entries, {{"source", source.name}, {"state", "accepted"}});
    entries.set(source.state.problems.size(), {{"source", source.name}, {"state", "problem"}});
  }
  out.counter("meridian_mass_delete_guard_trips_total", "changes that the mass-delete guard held back")
      .set(reconciler.sources().guard_trips());
  out.gauge("meridian_host_conflicts", "hosts that entries of several namespaces claim")
      .set(reconciler.model().conflicts());
  out.gauge("meridian_host_notes", "hosts with a warning: see /status").set(reconciler.notes().size());
}

void add_vips(const Reconciler& reconciler, Families& out) {
  const auto& allocator = reconciler.vips().allocator();
  auto& vips = out.gauge("meridian_vips", "addresses of a pool by state");
  for (const auto& network : allocator.pool().networks()) {
    const auto usage = allocator.usage(network);
    const std::string pool = network.to_text();
    vips.set(double(usage.used), {{"pool", pool}, {"state", "used"}});
    vips.set(double(usage.quarantined), {{"pool", pool}, {"state", "quarantined"}});
    vips.set(double(usage.free), {{"pool", pool}, {"state", "free"}});
  }
  out.gauge("meridian_vip_pending_hosts", "hosts that wait for the ledger: SERVFAIL").set(reconciler.pending().size());
  out.gauge("meridian_vip_starved_hosts", "hosts without a VIP because the pools are exhausted: NODATA")
      .set(allocator.starved().size());
  out.gauge("meridian_ledger_up", "whether the ledger could be read and written last")
      .set(reconciler.vips().loaded() && reconciler.vips().trouble().empty());
  auto& commits = out.counter("meridian_ledger_commits_total", "writes of the ledger");
  commits.set(reconciler.vips().commits(), {{"result", "written"}});
  commits.set(reconciler.vips().failures(), {{"result", "failed"}});
  out.gauge("meridian_snapshot_up", "whether the snapshot could be written last")
      .set(reconciler.snapshot().trouble().empty());
}

}  // namespace

std::string metrics_text(const View& view, const std::vector<UpstreamStatus>& upstreams) {
  Families families;
  add_process(view, families);
  add_zones(view.reconciler, families);
  add_sources(view.reconciler, families);
  add_vips(view.reconciler, families);
  add_cluster_metrics(view.reconciler, families);
  add_forwarding_metrics(view.frontend, upstreams, families);
  add_worker_metrics(view.frontend.counters, families);
  return prometheus::TextSerializer().Serialize(families.take());
}

}  // namespace meridian::control
