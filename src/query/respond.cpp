#include <meridian/query/respond.hpp>

#include <algorithm>
#include <optional>

#include "chaos.hpp"
#include "composer.hpp"
#include "special_names.hpp"
#include "zone_answer.hpp"

namespace meridian::query {
namespace {

using dns::ExtendedError;
using dns::Rcode;
using dns::Type;

constexpr Outcome kForward = {Outcome::Action::Forward, 0, Rcode::NoError, Where::Forwarded};

Outcome error(Composer& reply, Rcode rcode) {
  reply.start(rcode, false);
  return reply.finish(Where::Error);
}

Outcome refuse(Composer& reply, ExtendedError why) {
  reply.start(Rcode::Refused, false, why);
  return reply.finish(Where::Refused);
}

// Types that ask for no record: transfers (RFC 5936), TKEY, TSIG, OPT, MAILA and MAILB, and 0. Never forwarded.
bool is_meta(Type type) {
  const auto number = static_cast<std::uint16_t>(type);
  return number == 0 || type == Type::OPT || (number >= 249 && number <= 254);
}

bool is_transfer(Type type) {
  return type == Type::AXFR || type == Type::IXFR;
}

Outcome answer_special(const dns::Query& query, SpecialName special, Composer& reply) {
  const unsigned skip = query.name.labels - unsigned{special.labels};
  const bool missing = special.kind == SpecialName::Kind::Missing;
  auto& message = reply.start(missing ? Rcode::NXDomain : Rcode::NoError, true);
  const auto addresses = special.kind == SpecialName::Kind::Loopback ? loopback(query.type) : dns::RRsetView{};
  if (addresses.empty()) {
    message.authority(special_soa(), skip);
  } else {
    message.answer(addresses);
  }
  return reply.finish(Where::Special);
}

// Why a question that is not ours is not forwarded; nothing: it is.
std::optional<ExtendedError> why_not_forward(const dns::Query& query, const Settings& settings, const Client& client) {
  if (!query.recursion_desired || !settings.forwarding) return ExtendedError::NotAuthoritative;
  if (!client.may_recurse || is_meta(query.type)) return ExtendedError::Prohibited;
  return std::nullopt;
}

}  // namespace

Outcome respond(const dns::Query& query, dns::Fault fault, const zone::ZoneSet& zones, const Settings& settings,
                const Client& client, Turn turn, std::span<std::uint8_t> out) {
  // Accept: behaviour 5, in this order.
  if (fault == dns::Fault::Drop) return {};
  Composer reply(query, settings, client, out);
  if (fault == dns::Fault::NotImp) return error(reply, Rcode::NotImp);
  if (fault == dns::Fault::FormErr) return error(reply, Rcode::FormErr);
  if (query.edns && query.edns->version != 0) return error(reply, Rcode::BadVers);  // RFC 6891, 6.1.3
  if (query.tsig) return error(reply, Rcode::NotAuth);                              // RFC 8945, 5.2: we hold no keys
  if (query.klass == dns::Class::CH) return answer_chaos(query, settings, reply);
  if (query.klass != dns::Class::IN) return refuse(reply, ExtendedError::NotAuthoritative);
  if (is_transfer(query.type)) return refuse(reply, ExtendedError::Prohibited);

  // Whose is it: behaviour 1, in this order.
  const zone::HashedName name = zones.hashed(query.name);
  if (const zone::Zone* zone = zones.enclosing(name)) {
    if (!client.may_query) return refuse(reply, ExtendedError::Prohibited);
    if (const auto answer = answer_from_zone(query, name, *zone, client, turn, reply)) return *answer;
    return why_not_forward(query, settings, client) ? deny(query, *zone, reply) : kForward;  // `unknown: forward`
  }
  const auto special = special_name(query.name);
  if (const zone::Zone* hosts = zones.any_host()) {
    if (const auto answer = answer_any_host(query, name, *hosts, special.has_value(), client, turn, reply)) {
      return *answer;
    }
  }
  if (special) return answer_special(query, *special, reply);
  if (const auto why = why_not_forward(query, settings, client)) return refuse(reply, *why);
  return kForward;
}

std::size_t reply_limit(const dns::Query& query, const Settings& settings, const Client& client) {
  if (client.tcp) return dns::kMaxMessage;
  if (!query.edns) return dns::kMinUdpPayload;
  const auto theirs = std::max<std::size_t>(query.edns->payload, dns::kMinUdpPayload);  // RFC 6891, 6.2.3
  return std::min<std::size_t>(theirs, settings.udp_payload);
}

}  // namespace meridian::query
