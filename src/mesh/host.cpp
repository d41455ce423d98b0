#include <meridian/mesh/host.hpp>

#include <algorithm>
#include <tuple>
#include <unordered_set>

#include <meridian/mesh/host_name.hpp>

namespace meridian::mesh {
namespace {

using Winners = std::vector<const ServiceEntry*>;  // oldest first, of one namespace

bool has_spec_addresses(const ServiceEntry& entry) {
  return entry.has_spec_addresses || !entry.addresses.empty();
}

bool asks_dns_without_endpoints(const ServiceEntry& entry) {
  const bool dns = entry.resolution == Resolution::Dns || entry.resolution == Resolution::DnsRoundRobin;
  return dns && !entry.has_endpoints && !entry.has_selector;
}

template <class Entries, class Predicate>
bool all(const Entries& entries, Predicate predicate) {
  return std::all_of(entries.begin(), entries.end(), [&](const ServiceEntry* entry) { return predicate(*entry); });
}

template <class Entries, class Predicate>
bool any(const Entries& entries, Predicate predicate) {
  return std::any_of(entries.begin(), entries.end(), [&](const ServiceEntry* entry) { return predicate(*entry); });
}

// The first of each, in order.
class AddressUnion {
 public:
  void add(const Address& address) {
    if (seen_.insert(address).second) addresses_.push_back(address);
  }
  std::vector<Address> take() { return std::move(addresses_); }

 private:
  std::set<Address> seen_;
  std::vector<Address> addresses_;
};

std::vector<Address> literals(const Winners& winners) {
  AddressUnion out;
  for (const ServiceEntry* entry : winners) {
    for (const Address& address : entry->addresses) out.add(address);
  }
  return out.take();
}

// The usable status addresses of `host`, less those that an older host keeps; those leave a warning.
std::vector<Address> status_addresses(Host& host, const Winners& winners, const KeeperOf& keeper_of) {
  AddressUnion kept;
  AddressUnion lost;
  for (const ServiceEntry* entry : winners) {
    for (const StatusAddress& status : entry->status_addresses) {
      if (status.host != host.name || !usable_status(*entry, status)) continue;
      (keeper_of(status.value) == host.name ? kept : lost).add(status.value);
    }
  }
  for (const Address& address : lost.take()) {
    host.warnings.push_back("status.addresses has " + address.to_string() +
                            " for this host, and an older entry has it for " + std::string(keeper_of(address)) +
                            ", which keeps it");
  }
  return kept.take();
}

std::vector<Port> joined_ports(const Winners& winners) {
  std::unordered_set<std::string> seen;
  std::vector<Port> out;
  for (const ServiceEntry* entry : winners) {
    for (const Port& port : entry->ports) {
      // Istio wants every port named; without a name the number tells them apart.
      if (seen.insert(port.name.empty() ? std::to_string(port.number) : port.name).second) out.push_back(port);
    }
  }
  return out;
}

std::optional<std::chrono::seconds> smallest_ttl(const Winners& winners) {
  std::optional<std::chrono::seconds> smallest;
  for (const ServiceEntry* entry : winners) {
    if (entry->ttl && (!smallest || *entry->ttl < *smallest)) smallest = entry->ttl;
  }
  return smallest;
}

std::string list_of(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) out += (out.empty() ? "" : ", ") + text;
  return out.empty() ? "none" : out;
}

// Why a host without any address gets no VIP; nothing: it gets one. One entry that qualifies is enough.
std::optional<std::string> why_no_vip(const Host& host, const Winners& winners, const Rules& rules) {
  if (all(winners, [](const ServiceEntry& entry) { return entry.opts_out(); })) {
    return "no addresses, and no VIP either: opted out";
  }
  if (!is_owned(host.name, rules)) return "no addresses, and outside the owned zones never a VIP";
  if (all(winners, [](const ServiceEntry& entry) { return entry.resolution == Resolution::None; })) {
    return "no addresses, and with resolution NONE never a VIP";
  }
  if (rules.wildcard_vips) return std::nullopt;
  if (is_wildcard(host.name)) return "a wildcard without addresses, and vip.wildcard-hosts is off";
  const auto static_or_dns = [](const ServiceEntry& entry) {
    return entry.resolution != Resolution::None && entry.resolution != Resolution::DynamicDns;
  };
  if (any(winners, static_or_dns)) return std::nullopt;
  return "resolution DYNAMIC_DNS without addresses, and vip.wildcard-hosts is off";
}

// The oldest entry's pin, where a VIP is due; every other one was written in vain, which its author should know.
void apply_pins(Host& host, const Winners& winners) {
  const ServiceEntry* pinned_by = nullptr;
  for (const ServiceEntry* entry : winners) {
    if (!entry->vip_pin) continue;
    if (host.source == AddressSource::Vip && !pinned_by) {
      pinned_by = entry;
      host.pin = entry->vip_pin;
    } else if (!pinned_by) {
      host.warnings.push_back("the pin " + entry->vip_pin->to_string() + " of " + entry->key.to_text() +
                              " has no effect: " + host.why);
    } else if (entry->vip_pin != host.pin) {
      host.warnings.push_back("the pin " + entry->vip_pin->to_string() + " of " + entry->key.to_text() +
                              " has no effect: the older " + pinned_by->key.to_text() + " pins " +
                              host.pin->to_string());
    }
  }
}

void choose_addresses(Host& host, const Winners& winners, const Rules& rules, const KeeperOf& keeper_of) {
  host.addresses = literals(winners);
  if (!host.addresses.empty()) {
    host.source = AddressSource::Literal;
    host.why = "spec.addresses";
  } else if (any(winners, has_spec_addresses)) {
    host.why = "spec.addresses holds no address that can be served";
  } else if (host.addresses = status_addresses(host, winners, keeper_of); !host.addresses.empty()) {
    host.source = AddressSource::Status;
    host.why = "status.addresses, given by istiod";
  } else if (auto why = why_no_vip(host, winners, rules)) {
    host.why = std::move(*why);
  } else {
    host.source = AddressSource::Vip;
    host.why = "no addresses of its own: a VIP of ours";
  }
}

}  // namespace

std::string_view to_text(AddressSource source) {
  switch (source) {
    case AddressSource::Literal:
      return "literal";
    case AddressSource::Status:
      return "status";
    case AddressSource::Vip:
      return "vip";
    case AddressSource::None:
      return "none";
  }
  return "none";
}

std::optional<std::string> passed_over(const ServiceEntry& entry, const Rules& rules) {
  if (rules.compat == Compat::IstioCoreDns && entry.resolution == Resolution::None) {
    return "compat is istiocoredns, which skips resolution NONE";
  }
  const auto& to = entry.export_to;
  if (rules.export_to == ExportTo::PublicOnly && !to.empty() && std::find(to.begin(), to.end(), "*") == to.end()) {
    return "export-to is public-only, and exportTo is " + list_of(to);
  }
  return std::nullopt;
}

bool is_owned(std::string_view host, const Rules& rules) {
  return std::any_of(rules.zones.begin(), rules.zones.end(),
                     [&](const std::string& zone) { return is_within(host, zone); });
}

bool is_served(std::string_view host, const Rules& rules) {
  return rules.any_hosts || is_owned(host, rules);
}

bool Older::operator()(const ServiceEntry* a, const ServiceEntry* b) const {
  return std::tie(a->created, a->key) < std::tie(b->created, b->key);  // nothing is less than any time
}

bool wins(const ServiceEntry& entry, const Claims& claims) {
  return entry.key.space == (*claims.begin())->key.space;
}

bool is_contested(const Claims& claims) {
  return any(claims, [&](const ServiceEntry& entry) { return !wins(entry, claims); });
}

bool status_counts(const Claims& claims) {
  return !any(claims, [&](const ServiceEntry& entry) { return wins(entry, claims) && has_spec_addresses(entry); });
}

Host make_host(std::string_view name, const Claims& claims, const Rules& rules, const KeeperOf& keeper_of) {
  Host host;
  host.name = name;
  Winners winners;
  for (const ServiceEntry* entry : claims) {
    if (wins(*entry, claims)) winners.push_back(entry);
    (wins(*entry, claims) ? host.entries : host.losers).push_back(entry->key);
  }
  if (!is_served(name, rules)) {
    host.served = false;
    host.why = "outside the owned zones (" + list_of(rules.zones) + "); serve-hosts is owned";
    return host;
  }
  host.ports = joined_ports(winners);
  host.ttl = smallest_ttl(winners);
  choose_addresses(host, winners, rules, keeper_of);
  apply_pins(host, winners);
  if (const auto entry = std::find_if(winners.begin(), winners.end(),
                                      [](const ServiceEntry* e) { return asks_dns_without_endpoints(*e); });
      is_owned(name, rules) && entry != winners.end()) {
    host.warnings.push_back("resolution " + std::string(to_text((*entry)->resolution)) + " of " +
                            (*entry)->key.to_text() +
                            " without endpoints: Envoy will ask us for the host itself; give it endpoints");
  }
  return host;
}

}  // namespace meridian::mesh
