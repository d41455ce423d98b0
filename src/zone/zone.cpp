#include <meridian/zone/zone.hpp>

#include <algorithm>
#include <cassert>

namespace meridian::zone {
namespace {

// What our zones tell secondaries, of which there are none: fixed (RFC 1912, 2.2).
constexpr std::uint32_t kRefresh = 7200;
constexpr std::uint32_t kRetry = 1800;
constexpr std::uint32_t kExpire = 86400;

// A VIP is pending and there is no other: one that exists is answered all along.
bool waits(const Node& node) {
  return node.pending() && node.rrsets() == 0;
}

}  // namespace

Zone::Zone(std::shared_ptr<const Frame> frame, std::uint32_t serial) : frame_(std::move(frame)) {
  set_serial(serial);
}

void Zone::set_serial(std::uint32_t serial) {
  const Spec& s = spec();
  const auto soa = [&](std::uint32_t ttl) {
    return dns::RRset::soa(ttl, s.ns, s.hostmaster, serial, kRefresh, kRetry, kExpire, s.negative_ttl);
  };
  serial_ = serial;
  soa_ = soa(s.ttl);
  negative_soa_ = s.negative_ttl < s.ttl ? soa(s.negative_ttl) : soa_;  // RFC 2308, 3
}

Match Zone::lookup(const HashedName& name) const {
  const dns::FoldedName& question = name.name();
  assert(question.labels >= apex_labels() && "the name lies in the zone");

  const Entry* exact = table_.find(name.suffix(0));
  if (exact && exact->node->has_data()) return found(*exact->node);

  // An introspection name is made up on the spot for every host there is; wildcards cover names, not hosts.
  if (!exact && authoritative() && question.labels > apex_labels() && question.label(0) == "_meta") {
    const Entry* host = table_.find(name.suffix(1));
    if (host && host->node->host()) return {Match::Kind::Meta, host->node.get()};
  }

  // Envoy would route an empty non-terminal by the wildcard above it; to RFC 4592 (2.2.2) it is a name like others.
  if (wildcards_ > 0 && (!exact || spec().wildcards == Wildcards::Istio)) {
    const Match match = synthesized(name);
    if (match.kind != Match::Kind::None) return match;
  }
  return not_found(exact ? Match::Kind::EmptyNonTerminal : Match::Kind::None);
}

Match Zone::found(const Node& node) const {
  if (waits(node) || (node.origin() == Node::Origin::Spec && !ready_)) return {Match::Kind::NotReady, &node};
  return {Match::Kind::Exact, &node};
}

// `kind` says "no" in one way or another; whether the zone may.
Match Zone::not_found(Match::Kind kind) const {
  if (!authoritative()) return {};
  return {ready_ ? kind : Match::Kind::NotReady, nullptr};
}

Match Zone::synthesized(const HashedName& name) const {
  const Node* wildcard = spec().wildcards == Wildcards::Istio ? envoy_wildcard(name) : source_of_synthesis(name);
  if (!wildcard) return {};
  if (waits(*wildcard)) return {Match::Kind::NotReady, wildcard};
  if (!wildcard->has_data()) return not_found(Match::Kind::EmptyNonTerminal);
  return {Match::Kind::Wildcard, wildcard};
}

// The most specific "*.suffix" with data. Walks down from the apex as far as names exist, so that junk under the apex
// ("web.ns1.svc.cluster.local.global") costs two probes, however many labels it has.
const Node* Zone::envoy_wildcard(const HashedName& name) const {
  const dns::FoldedName& question = name.name();
  const unsigned below = question.labels - apex_labels();
  // A wildcard stands for no label that begins with an underscore, so for none behind the first of them.
  unsigned covered = 0;
  while (covered < below && !question.label(covered).starts_with('_')) ++covered;

  const Node* best = nullptr;
  for (unsigned skip = below; skip > 0; --skip) {
    const Entry* encloser = table_.find(name.suffix(skip));
    if (!encloser) break;
    if (!encloser->wildcard_child || skip > covered) continue;
    const Node* wildcard = table_.find(name.wildcard(skip))->node.get();
    if (wildcard->has_data()) best = wildcard;
  }
  return best;
}

// RFC 4592, 3.3.1: "*.<closest encloser>" and nothing further up. An asterisk name that is an empty non-terminal is a
// source of synthesis too, one without data.
const Node* Zone::source_of_synthesis(const HashedName& name) const {
  const Entry* closest = nullptr;
  unsigned skip = name.name().labels - apex_labels() + 1u;
  while (skip > 1) {
    const Entry* encloser = table_.find(name.suffix(skip - 1));
    if (!encloser) break;
    closest = encloser;
    --skip;
  }
  return closest && closest->wildcard_child ? table_.find(name.wildcard(skip))->node.get() : nullptr;
}

}  // namespace meridian::zone
