#pragma once
// What is answered, at one moment: immutable zones, shared by all workers, replaced as a whole.

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <meridian/dns/name.hpp>
#include <meridian/dns/rrset.hpp>
#include <meridian/zone/node.hpp>
#include <meridian/zone/table.hpp>

namespace meridian::zone {

enum class Kind : std::uint8_t {
  Owned,     // `zones:` of the configuration
  Reverse,   // in-addr.arpa and ip6.arpa zones of the VIP pools
  AnyHost,   // the hosts outside the owned zones (`serve-hosts: any`): apex is the root, not authoritative for the rest
};
enum class Unknown : std::uint8_t { NXDomain, Forward };
enum class Wildcards : std::uint8_t {
  Istio,     // as Envoy routes: the most specific suffix wins, any number of labels, covers empty non-terminals too
  Rfc4592,   // the closest encloser's only
};
enum class Order : std::uint8_t { Rotate, Random, Fixed };

// What the configuration says of one zone.
struct Spec {
  dns::Name apex;
  Kind kind = Kind::Owned;
  std::uint32_t ttl = 30;             // of SOA, NS and glue, seconds
  std::uint32_t negative_ttl = 10;    // SOA minimum, seconds
  Unknown unknown = Unknown::NXDomain;
  Wildcards wildcards = Wildcards::Istio;
  Order order = Order::Rotate;
  dns::Name ns;                                        // target of the apex' NS, and the SOA's mname
  dns::Name hostmaster;                                // the SOA's rname
  std::vector<boost::asio::ip::address> ns_addresses;  // glue for `ns` where it lies in this zone
};

// What a lookup found. `node` lives as long as the zone.
struct Match {
  enum class Kind : std::uint8_t {
    None,              // the name does not exist: NXDOMAIN
    Exact,             // node is the name's; a type that it lacks is NODATA
    Wildcard,          // node is the wildcard's; the answer's owner is the question
    EmptyNonTerminal,  // the name exists because something below it does: NODATA (RFC 8020)
    Meta,              // "_meta." in front of an existing host: node is the host's, answer with node->meta()
    NotReady,          // the zone may not say "no" yet, or the host's VIP is pending: SERVFAIL, EDE 14
  };
  Kind kind = Kind::None;
  const Node* node = nullptr;
};

// One zone of one moment. Immutable: any thread may read it; made by Transaction::commit on the control thread, and
// destroyed there (its nodes' reference counts are not atomic). Lookups follow RFC 1034, 4.3.2, with wildcards as
// Spec::wildcards says. No lookup allocates.
class Zone {
 public:
  const Spec& spec() const;
  std::uint8_t apex_labels() const;
  std::uint32_t serial() const;
  bool ready() const;               // false: names that are not found are NotReady, apex and glue too
  std::size_t hosts() const;        // nodes that were put with Records::host
  std::size_t names() const;        // all nodes, empty non-terminals too

  // `name` must lie in the zone.
  Match lookup(const dns::FoldedName& name) const;

  dns::RRsetView soa() const;            // TTL spec().ttl
  dns::RRsetView negative_soa() const;   // TTL min(ttl, minimum) (RFC 2308, 3)
  dns::RRsetView ns() const;
  // Calls f(const Node&) for every node, in no particular order.
  template <class F>
  void for_each(F&& f) const { table_.for_each(std::forward<F>(f)); }

 private:
  friend class Transaction;
  // (representation: the owner of this unit decides)
  Table table_;
};

// All zones of one moment. Immutable, shared by shared_ptr; see Zone for who may destroy it.
class ZoneSet {
 public:
  // Empty zones, not ready. `seed` keys the hash of the tables: random in the server, fixed in tests.
  static std::shared_ptr<const ZoneSet> create(std::vector<Spec> specs, std::uint32_t serial, std::uint64_t seed);

  // The owned or reverse zone that the name lies in, the deepest one; null if none. Never the AnyHost zone.
  const Zone* enclosing(const dns::FoldedName& name) const;
  // The zone of hosts outside the owned zones; null unless a Spec of Kind::AnyHost was given.
  const Zone* any_host() const;
  std::span<const std::shared_ptr<const Zone>> zones() const;
};

}  // namespace meridian::zone
