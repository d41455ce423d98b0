#pragma once
// A ServiceEntry as far as DNS needs it: decoded once from JSON values, whatever the source spoke. Values; pure.

#include <boost/json/fwd.hpp>
#include <chrono>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <meridian/mesh/addresses.hpp>

namespace meridian::mesh {

struct EntryKey {
  std::string space;  // namespace; "default" where the metadata has none
  std::string name;
  std::strong_ordering operator<=>(const EntryKey&) const = default;
  std::string to_text() const { return space + "/" + name; }
};

enum class Resolution : std::uint8_t { None, Static, Dns, DnsRoundRobin, DynamicDns };
std::string_view to_text(Resolution resolution);  // Istio's spelling: "DNS_ROUND_ROBIN"

struct Port {
  std::string name;
  std::uint16_t number = 0;
  bool udp = false;  // all other Istio protocols ride on TCP
  bool operator==(const Port&) const = default;
};

struct StatusAddress {
  Address value;
  std::string host;  // lower case, without the final dot
  bool operator==(const StatusAddress&) const = default;
};

struct ServiceEntry {
  EntryKey key;
  std::string uid;
  std::string resource_version;
  std::string origin;                                            // the file it came from, or the cluster: for people
  std::optional<std::chrono::system_clock::time_point> created;  // creationTimestamp; missing counts as oldest
  std::vector<std::string> hosts;   // valid ones only: lower case, no final dot, no duplicates
  std::vector<Address> addresses;   // usable literals: no duplicates, mapped ones unmapped
  bool has_spec_addresses = false;  // spec.addresses had anything, usable or not, and somebody else wrote it
  // spec.addresses is a list that we wrote back (field_ownership.hpp), ours to replace and to take away: it counts as
  // no addresses, and what it holds is no literal.
  bool has_written_list = false;
  // What that list holds, if it is one address, as we write it. Nothing: something changed it on its way in (a
  // webhook's additions are ours by name); who writes back writes it anew, and who asks whose VIP it was has no answer.
  std::optional<Address> written_vip;
  std::vector<Port> ports;
  Resolution resolution = Resolution::None;
  bool has_endpoints = false;
  bool has_selector = false;
  bool mesh_gateway = false;  // an endpoint's port is 15443: the cross-cluster gateway
  // All that name an address, for whatever host: none of them may be a VIP of ours. Which are served: usable_status().
  std::vector<StatusAddress> status_addresses;
  bool auto_allocate = true;                // label networking.istio.io/enable-autoallocate-ip
  bool vip_opt_out = false;                 // annotation meridian.internal/vip: none
  std::optional<Address> vip_pin;           // annotation meridian.internal/vip
  std::optional<std::chrono::seconds> ttl;  // annotation meridian.internal/ttl
  std::vector<std::string> export_to;       // empty: everywhere; "*", ".", "~", namespaces

  bool opts_out() const { return !auto_allocate || vip_opt_out; }  // of VIPs, ours and istiod's alike
  bool operator==(const ServiceEntry&) const = default;
};

// Whether `status` (one of entry.status_addresses) may be answered for its host: the host is one of the entry's, and
// the entry neither opts out nor has resolution NONE, with which Envoy does not look at the host at all.
bool usable_status(const ServiceEntry& entry, const StatusAddress& status);

// Something to tell the operator about an entry that is served all the same.
using Warnings = std::vector<std::string>;

struct Decoded {
  std::optional<ServiceEntry> entry;  // nothing: skipped whole, and `problem` says why
  std::string problem;                // one sentence, with what was found and what to do
  Warnings warnings;                  // hosts and addresses that were dropped, and what looks wrong but is served
  EntryKey key;                       // as far as it could be read, also for a skipped entry
};

// Whether a JSON object is a ServiceEntry: group networking.istio.io, any of v1, v1beta1, v1alpha3.
bool is_service_entry(const boost::json::object& document);
// Decodes one (is_service_entry() is the caller's to ask). Unknown fields are ignored, wrong types are problems that
// name the field; never throws because of what a JSON value holds.
Decoded decode(const boost::json::value& document);
// The inverse, as far as ServiceEntry goes: decode(encode(e)).entry == e (but for `origin`) for every e that decode()
// made. For the snapshot on disk; the document says what we understood, not what was written: a list of ours is not in
// its spec but in a field of its own beside it, `meridian.internal/written-vip`, an address or "".
boost::json::value encode(const ServiceEntry& entry);

}  // namespace meridian::mesh
