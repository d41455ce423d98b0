#include "control/explain.hpp"

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <ctime>

#include "control/explain_foreign.hpp"
#include "control/record_text.hpp"

namespace meridian::control {
namespace {

namespace json = boost::json;
using zone::Match;

std::string time_text(std::chrono::system_clock::time_point time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
  return text;
}

json::object entry_json(const Reconciler& reconciler, const mesh::EntryKey& key) {
  json::object object{{"entry", key.to_text()}};
  if (const auto* writer = reconciler.writer()) {
    const auto conflict = writer->conflicts().find(key);
    if (conflict != writer->conflicts().end()) object["not_written"] = conflict->second;
  }
  if (const auto* entry = reconciler.model().entry(key)) {
    object["origin"] = entry->origin;
    object["resource_version"] = entry->resource_version;
    if (entry->has_written_list) {
      object["written_back"] = entry->written_vip ? entry->written_vip->to_string() : "a list that is no VIP of ours";
    }
    object["created"] = entry->created ? json::value(time_text(*entry->created)) : json::value(nullptr);
  }
  return object;
}

json::array entries_json(const Reconciler& reconciler, const std::vector<mesh::EntryKey>& keys) {
  json::array array;
  for (const auto& key : keys) array.push_back(entry_json(reconciler, key));
  return array;
}

json::object host_json(const Reconciler& reconciler, const mesh::Host& host) {
  json::object object{{"name", host.name},
                      {"served", host.served},
                      {"address_source", mesh::to_text(host.source)},
                      {"why", host.why},
                      {"pending", reconciler.pending().contains(host.name)}};
  json::array addresses;
  for (const auto& address : host.addresses) addresses.emplace_back(address.to_string());
  object["addresses"] = std::move(addresses);
  if (host.pin) object["pin"] = host.pin->to_string();
  const auto whose = reconciler.sharing() ? reconciler.sharing()->whose(host.name) : std::nullopt;
  object["shares_vip_of"] = whose ? json::value(*whose) : json::value(nullptr);
  object["entries"] = entries_json(reconciler, host.entries);
  object["losers"] = entries_json(reconciler, host.losers);
  const auto note = reconciler.notes().find(host.name);
  object["note"] = note == reconciler.notes().end() ? json::value(nullptr) : json::value(note->second);
  return object;
}

// The host whose entries decide: the name itself, what stands behind _service._proto or _meta, or the wildcard's.
std::string host_name(const dns::Name& name, const Match& match) {
  if (match.node && match.kind != Match::Kind::Exact) return dns::Name::from_wire(match.node->owner()).to_text();
  dns::Name host = name.folded();
  while (host.labels() > 1 && host.to_text().starts_with('_')) host = host.parent();
  return host.to_text();
}

struct Verdict {
  const char* rcode;
  std::string why;
};

// Nothing: what the zone lacks is asked elsewhere.
std::optional<Verdict> verdict(const zone::Zone& zone, const Match& match, bool has_type, const std::string& type) {
  const std::string apex = zone.spec().apex.to_text();
  const auto pending = Verdict{"SERVFAIL", "the host's VIP is not in the ledger yet (EDE 14)"};
  switch (match.kind) {
    case Match::Kind::Exact:
      if (has_type) return Verdict{"NOERROR", "the zone " + apex + " has it"};
      if (match.node->pending()) return pending;
      return Verdict{"NOERROR", "NODATA: the name exists and has no " + type};
    case Match::Kind::Wildcard: {
      const std::string wildcard = dns::Name::from_wire(match.node->owner()).to_text();
      if (has_type) return Verdict{"NOERROR", "covered by the wildcard " + wildcard};
      if (match.node->pending()) return pending;
      return Verdict{"NOERROR", "NODATA: covered by the wildcard " + wildcard + ", which has no " + type};
    }
    case Match::Kind::EmptyNonTerminal:
      return Verdict{"NOERROR", "NODATA: the name exists only because names below it do (RFC 8020)"};
    case Match::Kind::Meta:
      return Verdict{"NOERROR", "what is known of the host, for clients on the introspect list"};
    case Match::Kind::NotReady:
      if (match.node && match.node->pending()) return pending;
      return Verdict{"SERVFAIL", "not every source has synced yet, so the zone may not deny a name (EDE 14)"};
    case Match::Kind::None:
      break;
  }
  if (zone.spec().unknown == zone::Unknown::Forward) return std::nullopt;
  return Verdict{"NXDOMAIN", "no entry names it and no wildcard covers it in " + apex};
}

dns::RRsetView rrset_of(const zone::Zone& zone, const Match& match, const dns::FoldedName& name, dns::Type type) {
  if (!match.node || match.kind == Match::Kind::NotReady) return {};
  if (match.kind == Match::Kind::Meta) return type == dns::Type::TXT ? match.node->meta() : dns::RRsetView{};
  if (name.labels == zone.apex_labels() && type == dns::Type::SOA) return zone.soa();
  if (name.labels == zone.apex_labels() && type == dns::Type::NS) return zone.ns();
  if (type == dns::Type::ANY) return name.labels == zone.apex_labels() ? zone.soa() : match.node->any();
  return match.node->find(type);
}

}  // namespace

json::object explain(const Reconciler& reconciler, const dns::Name& name, dns::Type type,
                     const std::vector<UpstreamStatus>& upstreams) {
  json::object object{{"name", name.to_text()}, {"type", dns::to_text(type)}};
  const dns::FoldedName folded(name);
  const auto& zones = reconciler.zones();
  const auto elsewhere = [&] { return explain_foreign(zones, reconciler.config().forward, name, type, upstreams); };
  const zone::Zone* owned = zones.enclosing(folded);
  const zone::Zone* zone = owned ? owned : zones.any_host();
  const Match match = zone ? zone->lookup(folded) : Match{};

  auto foreign = owned ? std::nullopt : elsewhere();
  const auto rrset = foreign ? dns::RRsetView{} : rrset_of(*zone, match, folded, type);
  const auto it = foreign ? std::nullopt : verdict(*zone, match, !rrset.empty(), dns::to_text(type));
  if (!foreign && !it) foreign = elsewhere();
  object["zone"] = owned || it ? json::value(zone->spec().apex.to_text()) : json::value(nullptr);
  if (foreign) {
    object["rcode"] = foreign->rcode.empty() ? json::value(nullptr) : json::value(foreign->rcode);
    object["why"] = foreign->why;
  } else {
    object["rcode"] = it->rcode;
    object["why"] = it->why;
  }
  const auto answers = foreign ? foreign->answers : record_texts(rrset, name);
  object["answers"] = json::array(answers.begin(), answers.end());
  object["forward"] = foreign ? std::move(foreign->forward) : json::value(nullptr);
  const auto host = reconciler.model().host(host_name(name, match));
  object["host"] = host ? json::value(host_json(reconciler, *host)) : json::value(nullptr);
  return object;
}

}  // namespace meridian::control
