#pragma once
// One host and the entries that name it: who wins, what is joined, where the addresses come from (behaviour: from
// ServiceEntry to names; small print: merging, who is older, VIPs). Pure functions of the entries; their order of
// arrival is nowhere to be seen.

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <meridian/mesh/service_entry.hpp>

namespace meridian::mesh {

enum class ExportTo : std::uint8_t { Ignore, PublicOnly };
enum class Compat : std::uint8_t { None, IstioCoreDns };  // the latter skips entries with resolution NONE

// What of the configuration decides how entries become names.
struct Rules {
  std::vector<std::string> zones{};  // owned zones, lower case, no final dot
  bool any_hosts = false;            // `serve-hosts: any`
  ExportTo export_to = ExportTo::Ignore;
  Compat compat = Compat::None;
  bool wildcard_vips = false;  // `vip.wildcard-hosts`: VIPs for DYNAMIC_DNS and address-less wildcards too
};

// Why the rules pass over this entry as if it were not there; nothing: they don't.
std::optional<std::string> passed_over(const ServiceEntry& entry, const Rules& rules);

// Whether a host lies in one of the owned zones.
bool is_owned(std::string_view host, const Rules& rules);
// Whether a host is answered for at all: owned, or `serve-hosts: any`.
bool is_served(std::string_view host, const Rules& rules);

// Where a host's addresses come from.
enum class AddressSource : std::uint8_t {
  Literal,  // spec.addresses
  Status,   // status.addresses: istiod's VIP
  Vip,      // one of ours: ask the allocator
  None,     // no address: NODATA; `why` says why
};
std::string_view to_text(AddressSource source);

// What is to be answered for one host.
struct Host {
  std::string name;    // lower case; "*.bar.global" for a wildcard
  bool served = true;  // false: outside the owned zones, where we answer nothing; `why` says so
  AddressSource source = AddressSource::None;
  std::vector<Address> addresses;           // with Literal and Status: each once, oldest entry's first
  std::optional<Address> pin;               // with Vip: the operator's wish
  std::string why;                          // one sentence for explain: why this source, or why none
  std::vector<Port> ports;                  // joined by name, oldest entry's first
  std::optional<std::chrono::seconds> ttl;  // the smallest annotation of the entries
  std::vector<EntryKey> entries;            // that are served, oldest first; all of one namespace
  std::vector<EntryKey> losers;             // of other namespaces, oldest first: a conflict
  std::vector<std::string> warnings;
  bool operator==(const Host&) const = default;
};

// Who is older: creationTimestamp, where missing is oldest; then namespace, then name. A total order of the entries in
// force, which differ in their keys.
struct Older {
  bool operator()(const ServiceEntry* a, const ServiceEntry* b) const;
};

// The entries that name one host, oldest first. Never empty where a function below takes one.
using Claims = std::set<const ServiceEntry*, Older>;

// Whether `entry`, one of the claims, is of the namespace that wins: the oldest entry's.
bool wins(const ServiceEntry& entry, const Claims& claims);
// Whether somebody of another namespace claims the host too.
bool is_contested(const Claims& claims);
// Whether no winning entry has spec.addresses, so that status.addresses count.
bool status_counts(const Claims& claims);

// The host that may answer a status address: two hosts never share one, and the older entry's keeps it. Asked only
// where status_counts().
using KeeperOf = std::function<std::string_view(const Address&)>;

Host make_host(std::string_view name, const Claims& claims, const Rules& rules, const KeeperOf& keeper_of);

}  // namespace meridian::mesh
