#pragma once
// What is answered, at one moment: immutable zones, shared by all workers, replaced as a whole.

#include <boost/asio/ip/address.hpp>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include <meridian/dns/name.hpp>
#include <meridian/dns/rrset.hpp>
#include <meridian/zone/apex_index.hpp>
#include <meridian/zone/hashed_name.hpp>
#include <meridian/zone/node.hpp>
#include <meridian/zone/table.hpp>

namespace meridian::zone {

enum class Kind : std::uint8_t {
  Owned,    // `zones:` of the configuration
  Reverse,  // in-addr.arpa and ip6.arpa zones of the VIP pools
  AnyHost,  // names outside all zones: hosts (`serve-hosts: any`), and VIPs outside the reverse zones that point back.
            // Its apex is the root, and it is not authoritative for the rest
};
enum class Unknown : std::uint8_t { NXDomain, Forward };
enum class Wildcards : std::uint8_t {
  Istio,    // as Envoy routes: the most specific suffix wins, any number of labels, covers empty non-terminals too
  Rfc4592,  // the closest encloser's only
};
enum class Order : std::uint8_t { Rotate, Random, Fixed };

// What the configuration says of one zone.
struct Spec {
  dns::Name apex;
  Kind kind = Kind::Owned;
  std::uint32_t ttl = 30;           // of SOA, NS and glue, seconds
  std::uint32_t negative_ttl = 10;  // SOA minimum, seconds
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
  const Spec& spec() const { return frame_->spec; }
  std::uint8_t apex_labels() const { return frame_->apex_labels; }
  std::uint32_t serial() const { return serial_; }
  bool ready() const { return ready_; }         // false: names that are not found are NotReady, apex and glue too
  std::size_t hosts() const { return hosts_; }  // nodes that were put with Records::host
  std::size_t names() const { return table_.size(); }  // all nodes, apex and empty non-terminals too

  // `name` must lie in the zone. The first form is for who asks ZoneSet::enclosing() too: one hash serves both.
  Match lookup(const HashedName& name) const;
  Match lookup(const dns::FoldedName& name) const { return lookup(HashedName(name, frame_->hash)); }

  dns::RRsetView soa() const { return soa_; }                    // TTL spec().ttl
  dns::RRsetView negative_soa() const { return negative_soa_; }  // TTL min(ttl, minimum) (RFC 2308, 3)
  dns::RRsetView ns() const { return frame_->ns; }
  // Calls f(const Node&) for every node, in no particular order.
  template <class F>
  void for_each(F&& f) const {
    table_.for_each(std::forward<F>(f));
  }

 private:
  friend class Draft;
  // What stays the same as long as the configuration does.
  struct Frame {
    Spec spec;
    NameHash hash;
    std::uint8_t apex_labels;
    dns::RRset ns;
    bool ns_inside;                // spec.ns lies in the zone: a name of it, with `glue`
    std::vector<dns::RRset> glue;  // spec.ns_addresses, at most one RRset a family
  };

  Zone(std::shared_ptr<const Frame> frame, std::uint32_t serial);
  Zone(const Zone&) = default;
  void set_serial(std::uint32_t serial);

  bool authoritative() const { return spec().kind != Kind::AnyHost; }
  Match found(const Node& node) const;
  Match not_found(Match::Kind kind) const;
  Match synthesized(const HashedName& name) const;
  const Node* envoy_wildcard(const HashedName& name) const;
  const Node* source_of_synthesis(const HashedName& name) const;

  std::shared_ptr<const Frame> frame_;
  Table table_;
  std::size_t hosts_ = 0;
  std::size_t wildcards_ = 0;  // names whose first label is "*": without any, a miss looks no further
  std::uint32_t serial_ = 0;
  bool ready_ = false;
  dns::RRset soa_;
  dns::RRset negative_soa_;
};

// All zones of one moment. Immutable, shared by shared_ptr; see Zone for who may destroy it.
class ZoneSet {
 public:
  // Empty zones, not ready. `seed` keys the hash of the tables: random in the server, fixed in tests. Of several Specs
  // with one apex (or several of Kind::AnyHost) the first counts.
  static std::shared_ptr<const ZoneSet> create(std::vector<Spec> specs, std::uint32_t serial, std::uint64_t seed);

  // For enclosing() and lookup() of one question; borrows `name`.
  HashedName hashed(const dns::FoldedName& name) const { return HashedName(name, hash_); }

  // The owned or reverse zone that the name lies in, the deepest one; null if none. Never the AnyHost zone.
  const Zone* enclosing(const HashedName& name) const;
  const Zone* enclosing(const dns::FoldedName& name) const { return enclosing(hashed(name)); }
  // The zone of hosts outside the owned zones; null unless a Spec of Kind::AnyHost was given.
  const Zone* any_host() const;
  std::span<const std::shared_ptr<const Zone>> zones() const { return zones_; }

 private:
  friend class Transaction;
  ZoneSet(const NameHash& hash, std::shared_ptr<const ApexIndex> apexes) : hash_(hash), apexes_(std::move(apexes)) {}
  ZoneSet(const ZoneSet&) = default;
  // The place in zones() of the zone that takes a change at `name`; -1 if none does.
  int taking(const HashedName& name) const;

  NameHash hash_;
  std::shared_ptr<const ApexIndex> apexes_;
  std::vector<std::shared_ptr<const Zone>> zones_;
};

}  // namespace meridian::zone
