#include "zone_answer.hpp"

#include <algorithm>
#include <cstring>

namespace meridian::query {
namespace {

using dns::Rcode;
using dns::Type;
using zone::Match;

// `name` without its first `skip` labels, without allocating.
dns::FoldedName below(const dns::FoldedName& name, unsigned skip) {
  dns::FoldedName rest;
  const auto wire = name.suffix(skip);
  std::memcpy(rest.octets.data(), wire.data(), wire.size());
  rest.size = static_cast<std::uint8_t>(wire.size());
  rest.labels = static_cast<std::uint8_t>(name.labels - skip);
  for (unsigned i = 0; i < rest.labels; ++i) {
    rest.offsets[i] = static_cast<std::uint8_t>(name.offsets[skip + i] - name.offsets[skip]);
  }
  return rest;
}

Where where(const zone::Zone& zone, Match::Kind kind) {
  if (zone.spec().kind == zone::Kind::Reverse) return Where::Reverse;
  return kind == Match::Kind::Wildcard ? Where::Wildcard : Where::Zone;
}

unsigned first_record(const zone::Zone& zone, Turn turn) {
  switch (zone.spec().order) {
    case zone::Order::Rotate:
      return turn.counter;
    case zone::Order::Random:
      return turn.random;
    case zone::Order::Fixed:
      break;
  }
  return 0;
}

// The labels between the question (all of them, `skip` less) and the zone's apex.
unsigned labels_above_apex(const dns::Query& query, const zone::Zone& zone) {
  return query.name.labels - unsigned{zone.apex_labels()};
}

Outcome no_data(const dns::Query& query, const zone::Zone& zone, Match::Kind kind, Composer& reply) {
  reply.start(Rcode::NoError, true).authority(zone.negative_soa(), labels_above_apex(query, zone));
  return reply.finish(where(zone, kind));
}

Outcome not_ready(const zone::Zone& zone, Match::Kind kind, Composer& reply) {
  reply.start(Rcode::ServFail, false, dns::ExtendedError::NotReady);
  return reply.finish(where(zone, kind));
}

// The RRset that answers the question's type at this node; for ANY one of them (RFC 8482, 4.1).
dns::RRsetView pick(const dns::Query& query, const zone::Zone& zone, const zone::Node& node) {
  if (labels_above_apex(query, zone) == 0) {
    if (query.type == Type::SOA || query.type == Type::ANY) return zone.soa();
    if (query.type == Type::NS) return zone.ns();
  }
  return query.type == Type::ANY ? node.any() : node.find(query.type);
}

// Addresses of the apex' name server (RFC 1034, 4.3.2, step 6), where it lies in the zone.
void add_ns_glue(const dns::Query& query, const zone::Zone& zone, dns::MessageBuilder& message) {
  const auto& spec = zone.spec();
  if (!spec.ns.is_within(spec.apex)) return;
  const dns::FoldedName server(spec.ns);
  const Match match = zone.lookup(server);
  if (match.kind != Match::Kind::Exact) return;
  const auto prefix = server.wire().first(server.size - spec.apex.wire().size());
  message.additional(match.node->find(Type::A), labels_above_apex(query, zone), prefix);
  message.additional(match.node->find(Type::AAAA), labels_above_apex(query, zone), prefix);
}

// The name that an SRV RRset points to; all records of ours point to the same.
std::span<const std::uint8_t> target_of(const dns::RRsetView& srv) {
  constexpr std::size_t kRdlength = 8;  // behind TYPE, CLASS and TTL
  constexpr std::size_t kNumbers = 6;   // priority, weight and port (RFC 2782)
  const std::size_t rdlength = std::size_t{srv.records[kRdlength]} << 8 | srv.records[kRdlength + 1];
  return srv.records.subspan(kRdlength + 2 + kNumbers, rdlength - kNumbers);
}

// Addresses of an SRV's target (RFC 2782): the question itself, or, behind _service._proto, the host below.
void add_target_glue(const dns::Query& query, const zone::Zone& zone, const zone::Node& node, const dns::RRsetView& srv,
                     dns::MessageBuilder& message) {
  const bool bare = srv.target_is_question || std::ranges::equal(target_of(srv), query.name.wire());
  const unsigned skip = bare ? 0 : 2;
  const zone::Node* host = &node;
  if (!bare) {
    if (labels_above_apex(query, zone) < skip || !std::ranges::equal(target_of(srv), query.name.suffix(skip))) return;
    const Match match = zone.lookup(below(query.name, skip));
    if (match.kind != Match::Kind::Exact) return;
    host = match.node;
  }
  message.additional(host->find(Type::A), skip);
  message.additional(host->find(Type::AAAA), skip);
}

Outcome answer(const dns::Query& query, const zone::Zone& zone, const Match& match, Turn turn, Composer& reply) {
  const auto rrset = pick(query, zone, *match.node);
  if (rrset.empty() && match.node->pending())
    return not_ready(zone, match.kind, reply);  // the other family's VIP is there
  if (rrset.empty()) return no_data(query, zone, match.kind, reply);
  auto& message = reply.start(Rcode::NoError, true);
  const unsigned first = rrset.count > 1 ? first_record(zone, turn) % rrset.count : 0;
  const bool whole = message.answer(rrset, 0, first);
  if (whole && rrset.type == Type::SRV) add_target_glue(query, zone, *match.node, rrset, message);
  if (whole && rrset.type == Type::NS) add_ns_glue(query, zone, message);
  return reply.finish(where(zone, match.kind));
}

// `_meta.<host>` TXT: where a host's answer comes from, for those on the introspect list and nobody else.
Outcome answer_meta(const dns::Query& query, const zone::Zone& zone, const Match& match, Composer& reply) {
  const auto rrset = match.node->meta();
  const bool asks_for_text = query.type == Type::TXT || query.type == Type::ANY;
  if (rrset.empty() || !asks_for_text) return no_data(query, zone, match.kind, reply);
  reply.start(Rcode::NoError, true).answer(rrset);
  return reply.finish(where(zone, match.kind));
}

}  // namespace

Outcome deny(const dns::Query& query, const zone::Zone& zone, Composer& reply) {
  reply.start(Rcode::NXDomain, true).authority(zone.negative_soa(), labels_above_apex(query, zone));
  return reply.finish(where(zone, Match::Kind::None));
}

std::optional<Outcome> answer_from_zone(const dns::Query& query, const zone::HashedName& name, const zone::Zone& zone,
                                        const Client& client, Turn turn, Composer& reply) {
  const Match match = zone.lookup(name);
  switch (match.kind) {
    case Match::Kind::Exact:
    case Match::Kind::Wildcard:
      return answer(query, zone, match, turn, reply);
    case Match::Kind::EmptyNonTerminal:
      return no_data(query, zone, match.kind, reply);
    case Match::Kind::NotReady:
      return not_ready(zone, match.kind, reply);
    case Match::Kind::Meta:
      if (client.may_introspect) return answer_meta(query, zone, match, reply);
      if (!zone.ready()) return not_ready(zone, match.kind, reply);
      break;  // as if it were not there
    case Match::Kind::None:
      break;
  }
  if (zone.spec().unknown == zone::Unknown::Forward) return std::nullopt;
  return deny(query, zone, reply);
}

std::optional<Outcome> answer_any_host(const dns::Query& query, const zone::HashedName& name, const zone::Zone& hosts,
                                       bool special, const Client& client, Turn turn, Composer& reply) {
  const bool asks_for_addresses = query.type == Type::A || query.type == Type::AAAA || query.type == Type::ANY;
  if (!asks_for_addresses && query.type != Type::PTR && !special) return std::nullopt;
  const Match match = hosts.lookup(name);
  if (match.kind != Match::Kind::Exact && match.kind != Match::Kind::Wildcard) return std::nullopt;
  if (match.node->any().empty()) return std::nullopt;  // without any address it is forwarded whole
  const auto rrset = query.type == Type::ANY ? match.node->any() : match.node->find(query.type);
  if (rrset.empty() && !asks_for_addresses && !special) return std::nullopt;
  if (!client.may_query) {
    reply.start(Rcode::Refused, false, dns::ExtendedError::Prohibited);
    return reply.finish(Where::Refused);
  }
  auto& message = reply.start(Rcode::NoError, true);
  if (rrset.empty()) {
    message.authority(hosts.negative_soa(), 0);  // made up at the host: there is no zone around it
  } else {
    message.answer(rrset, 0, rrset.count > 1 ? first_record(hosts, turn) % rrset.count : 0);
  }
  return reply.finish(Where::Host);
}

}  // namespace meridian::query
