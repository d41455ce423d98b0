#include "control/status.hpp"

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "control/readiness.hpp"
#include "control/status_forwarding.hpp"

namespace meridian::control {
namespace {

namespace json = boost::json;

constexpr std::size_t kMostNotes = 100;  // of hosts, on this page; the log has all

json::array array_of(const std::vector<std::string>& texts) {
  json::array array;
  for (const auto& text : texts) array.emplace_back(text);
  return array;
}

const char* to_text(zone::Kind kind) {
  switch (kind) {
    case zone::Kind::Owned:
      return "owned";
    case zone::Kind::Reverse:
      return "reverse";
    case zone::Kind::AnyHost:
      return "any-host";
  }
  return "";
}

json::array zones_json(const View& view) {
  json::array zones;
  for (const auto& zone : view.reconciler.zones().zones()) {
    zones.push_back(json::object{{"name", zone->spec().apex.to_text()},
                                 {"kind", to_text(zone->spec().kind)},
                                 {"ready", zone->ready()},
                                 {"serial", zone->serial()},
                                 {"hosts", zone->hosts()},
                                 {"names", zone->names()}});
  }
  return zones;
}

json::array sources_json(const View& view) {
  json::array sources;
  for (const auto& source : view.reconciler.sources().status()) {
    json::array problems;
    for (const auto& problem : source.state.problems) {
      problems.push_back(json::object{{"origin", problem.origin}, {"text", problem.text}});
    }
    json::value watching = nullptr;
    if (const auto& it = source.state.watching) {
      watching = json::object{{"version", it->version}, {"lists", it->lists},     {"watches", it->watches},
                              {"events", it->events},   {"expired", it->expired}, {"failures", it->failures},
                              {"skipped", it->skipped}};
    }
    sources.push_back(json::object{{"name", source.name},
                                   {"kind", source.kind},
                                   {"synced", source.state.synced},
                                   {"up", source.state.up},
                                   {"stale", source.stale},
                                   {"age_seconds", source.age},
                                   {"trouble", source.state.trouble},
                                   {"entries", source.entries},
                                   {"held_back", source.held},
                                   {"watching", std::move(watching)},
                                   {"problems", std::move(problems)}});
  }
  return sources;
}

json::object ledger_json(const VipKeeper& vips) {
  return {{"kind", vips.ledger().describe()}, {"loaded", vips.loaded()},
          {"writes", vips.allocates()},  // whether this process gives VIPs away
          {"writer", vips.ledger().writer()}, {"conflicts", vips.ledger().conflicts()},
          {"trouble", vips.trouble()}};
}

json::object vips_json(const View& view) {
  const auto& allocator = view.reconciler.vips().allocator();
  json::array pools;
  for (const auto& network : allocator.pool().networks()) {
    const auto usage = allocator.usage(network);
    pools.push_back(json::object{{"network", network.to_text()},
                                 {"used", usage.used},
                                 {"quarantined", usage.quarantined},
                                 {"free", usage.free}});
  }
  return {{"pools", std::move(pools)},
          {"pending_hosts", view.reconciler.pending().size()},
          {"starved_hosts", allocator.starved().size()},
          {"ledger", ledger_json(view.reconciler.vips())}};
}

// Null: nothing is written back.
json::value write_back_json(const VipWriter* writer) {
  if (!writer) return nullptr;
  const auto& counts = writer->write_back().counts();
  return json::object{{"pending", writer->write_back().pending()}, {"written", counts.written},
                      {"taken_back", counts.taken_back},           {"refused", counts.refused()},
                      {"conflicts", writer->conflicts().size()},   {"failures", counts.failures()},
                      {"events_sent", writer->events().sent()},    {"events_dropped", writer->events().dropped()}};
}

json::value admiral_json(const source::AdmiralAddresses* admiral) {
  if (!admiral) return nullptr;
  return json::object{{"listed", admiral->listed()}, {"addresses", admiral->size()}, {"trouble", admiral->trouble()}};
}

json::array upstreams_json(const std::vector<UpstreamStatus>& upstreams) {
  json::array array;
  for (const auto& upstream : upstreams) array.push_back(upstream_json(upstream));
  return array;
}

json::object hosts_json(const View& view) {
  json::object notes;
  for (const auto& [host, text] : view.reconciler.notes()) {
    if (notes.size() == kMostNotes) break;
    notes[host] = text;
  }
  return {{"entries", view.reconciler.model().entries()},
          {"conflicts", view.reconciler.model().conflicts()},
          {"with_notes", view.reconciler.notes().size()},
          {"notes", std::move(notes)}};
}

}  // namespace

json::object readiness_json(const View& view) {
  const auto result = readiness(view);
  return {{"ready", result.ready}, {"reasons", array_of(result.reasons)}};
}

json::object status_json(const View& view, const std::vector<UpstreamStatus>& upstreams) {
  json::object page = readiness_json(view);
  page["version"] = MERIDIAN_VERSION;
  const auto uptime = std::chrono::system_clock::now() - view.started;
  page["uptime_seconds"] = std::chrono::duration_cast<std::chrono::seconds>(uptime).count();
  json::array listen;
  for (const auto& endpoint : view.frontend.bound) listen.emplace_back(endpoint.to_text());
  page["listen"] = std::move(listen);
  page["workers"] = view.frontend.counters.size();
  page["zones"] = zones_json(view);
  page["sources"] = sources_json(view);
  page["hosts"] = hosts_json(view);
  page["vips"] = vips_json(view);
  page["write_back"] = write_back_json(view.reconciler.writer());
  page["admiral"] = admiral_json(view.reconciler.admiral());
  page["upstreams"] = upstreams_json(upstreams);
  page["forwarding"] = forwarding_json(view.frontend, view.reload.current().forward);
  page["cache"] = cache_json(view.frontend);
  page["configuration"] = json::object{{"reloads", view.reload.reloads()},
                                       {"failed_reloads", view.reload.failures()},
                                       {"trouble", view.reload.trouble()}};
  page["snapshot"] = json::object{{"trouble", view.reconciler.snapshot().trouble()}};
  return page;
}

}  // namespace meridian::control
