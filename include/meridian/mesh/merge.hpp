#pragma once
// Many entries, one answer a host: who wins, what is joined, who needs a VIP (behaviour: from ServiceEntry to names).
// The result depends on the set of entries only, never on the order in which they came.

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <meridian/mesh/service_entry.hpp>

namespace meridian::mesh {

enum class ExportTo : std::uint8_t { Ignore, PublicOnly };
enum class Compat : std::uint8_t { None, IstioCoreDns };  // the latter skips entries with resolution NONE

// What of the configuration decides how entries become names.
struct Rules {
  std::vector<std::string> zones;    // owned zones, lower case, no final dot
  bool any_hosts = false;            // `serve-hosts: any`
  ExportTo export_to = ExportTo::Ignore;
  Compat compat = Compat::None;
  bool wildcard_vips = false;        // `vip.wildcard-hosts`: VIPs for DYNAMIC_DNS and address-less wildcards too
};

// Where a host's addresses come from.
enum class AddressSource : std::uint8_t {
  Literal,   // spec.addresses
  Status,    // status.addresses: istiod's VIP
  Vip,       // one of ours: ask the allocator
  None,      // no address: NODATA; `why` says why
};

// What is to be answered for one host.
struct Host {
  std::string name;                     // lower case; "*.bar.global" for a wildcard
  AddressSource source = AddressSource::None;
  std::vector<Address> addresses;       // with Literal and Status: each once, oldest entry's first
  std::optional<Address> pin;           // with Vip: the operator's wish
  std::string why;                      // one sentence for explain: why this source, or why none
  std::vector<Port> ports;              // joined by name, oldest entry's first
  std::optional<std::chrono::seconds> ttl;  // the smallest annotation of the entries
  std::vector<EntryKey> entries;        // that are served, oldest first; all of one namespace
  std::vector<EntryKey> losers;         // of other namespaces, oldest first: a conflict
  std::vector<std::string> warnings;
  bool operator==(const Host&) const = default;
};

// The entries of all sources and the hosts they make. Control thread only; no locks, no clock.
class Model {
 public:
  explicit Model(Rules rules);
  ~Model();
  Model(Model&&) noexcept;
  Model& operator=(Model&&) noexcept;

  // `source` is the source's rank in the configuration: the lowest rank that holds a key supplies it.
  void put(unsigned source, std::shared_ptr<const ServiceEntry> entry);
  void remove(unsigned source, const EntryKey& key);
  void set_rules(Rules rules);   // touches every host

  // Hosts whose Host may have changed since the last call, sorted; those that are gone too.
  std::vector<std::string> take_touched();
  // Literal addresses of spec and status, of all entries that are in force, that appeared or went since the last call.
  struct LiteralChanges {
    std::vector<Address> added, removed;
  };
  LiteralChanges take_literals();

  // Null: no entry in force names it (or none that is served).
  std::optional<Host> host(std::string_view name) const;
  std::vector<std::string> host_names() const;   // sorted
  const ServiceEntry* entry(const EntryKey& key) const;   // the one in force
  std::size_t entries() const;
  std::size_t conflicts() const;   // hosts with losers

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace meridian::mesh
