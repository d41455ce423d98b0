#include "control/explain_foreign.hpp"

#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <meridian/dns/message.hpp>
#include <meridian/query/respond.hpp>

#include "control/record_text.hpp"
#include "control/status_forwarding.hpp"

namespace meridian::control {
namespace {

namespace json = boost::json;
using query::Outcome;
using Octets = std::vector<std::uint8_t>;

Octets question(const dns::Name& name, dns::Type type) {
  Octets packet{0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0};  // RD, one question
  packet.insert(packet.end(), name.wire().begin(), name.wire().end());
  const auto number = static_cast<std::uint16_t>(type);
  packet.push_back(static_cast<std::uint8_t>(number >> 8));
  packet.push_back(static_cast<std::uint8_t>(number));
  packet.insert(packet.end(), {0, static_cast<std::uint8_t>(dns::Class::IN)});
  return packet;
}

// A special name has one record at most, behind a pointer to the question.
std::vector<std::string> answers_of(std::span<const std::uint8_t> reply, std::size_t question_end,
                                    const dns::Name& name) {
  const bool none = reply[6] == 0 && reply[7] == 0;  // ANCOUNT
  if (none) return {};
  const auto record = reply.subspan(question_end + 2);
  const auto type = static_cast<dns::Type>(record[0] << 8 | record[1]);
  return record_texts({type, 1, false, record}, name);
}

Foreign special(dns::Rcode rcode, std::vector<std::string> answers) {
  const char* why = "NODATA: a special name, answered here and never asked elsewhere (RFC 6761, 9462)";
  if (rcode == dns::Rcode::NXDomain) {
    why = "a special name that exists nowhere, answered here and never asked elsewhere (RFC 6761, 7686, 9476)";
  } else if (!answers.empty()) {
    why = "a special name that means this machine, answered here and never asked elsewhere (RFC 6761)";
  }
  return {dns::to_text(rcode), why, std::move(answers)};
}

// The most specific suffix that has upstreams of its own, as the forwarder finds it; "." for all else.
std::string forward_zone(const config::Forward& settings, const dns::Name& name) {
  dns::Name deepest;
  for (const auto& [zone, upstreams] : settings.zones) {
    const auto suffix = dns::Name::from_text(zone);
    if (suffix && name.is_within(*suffix) && suffix->labels() > deepest.labels()) deepest = *suffix;
  }
  return deepest.to_text();
}

// Why the question is nobody's here.
std::string not_ours(const zone::ZoneSet& zones, const dns::Name& name) {
  const auto* zone = zones.enclosing(dns::FoldedName(name));
  return zone ? "not in " + zone->spec().apex.to_text() + ", which forwards what it lacks" : "in no owned zone";
}

Foreign forwarded(std::string why, const std::string& zone, const std::vector<UpstreamStatus>& all) {
  json::array upstreams;
  bool usable = false;
  for (const auto& upstream : all) {
    if (upstream.zone != zone) continue;
    usable = usable || (upstream.up && !upstream.loop);
    upstreams.push_back(upstream_json(upstream));
  }
  why += ": forwarded, for clients in access.recursion, to ";
  why += zone == "." ? "forward.upstreams" : "forward.zones: " + zone;
  if (upstreams.empty()) {
    why += ", of which none is known at the moment";
  } else if (!usable) {
    why += ", of which none can be used at the moment";
  }
  return {"", std::move(why), {}, json::object{{"zone", zone}, {"upstreams", std::move(upstreams)}}};
}

}  // namespace

std::optional<Foreign> explain_foreign(const zone::ZoneSet& zones, const config::Forward& settings,
                                       const dns::Name& name, dns::Type type,
                                       const std::vector<UpstreamStatus>& upstreams) {
  const Octets packet = question(name, type);
  dns::Query query;
  const auto fault = dns::parse_query(packet, query);
  query::Settings rules;
  rules.forwarding = !settings.upstreams.empty() || !settings.zones.empty();
  std::array<std::uint8_t, dns::kMinUdpPayload> reply;
  const auto outcome = query::respond(query, fault, zones, rules, {}, {}, reply);

  if (outcome.where == query::Where::Host) return std::nullopt;
  if (outcome.where == query::Where::Special) {
    return special(outcome.rcode, answers_of(std::span(reply).first(outcome.size), packet.size(), name));
  }
  std::string why = not_ours(zones, name);
  if (outcome.action == Outcome::Action::Forward) {
    return forwarded(std::move(why), forward_zone(settings, name), upstreams);
  }
  why += rules.forwarding ? ": of a type that is never forwarded" : ": nothing is forwarded, there are no upstreams";
  return Foreign{dns::to_text(outcome.rcode), std::move(why)};
}

}  // namespace meridian::control
