#include "control/zone_specs.hpp"

#include <algorithm>
#include <set>

namespace meridian::control {
namespace {

namespace ip = boost::asio::ip;

// Of texts that the configuration has checked, or that are ours.
dns::Name name(std::string_view text) {
  return *dns::Name::from_text(text);
}

// The address as the labels of its reverse name count it: octets of IPv4, nibbles of IPv6.
struct Digits {
  std::vector<unsigned> values;  // most significant first
  unsigned bits;                 // of one
  const char* suffix;
};

Digits digits_of(const ip::address& address) {
  if (address.is_v4()) {
    const auto octets = address.to_v4().to_bytes();
    return {{octets.begin(), octets.end()}, 8, "in-addr.arpa"};
  }
  Digits digits{{}, 4, "ip6.arpa"};
  for (const unsigned octet : address.to_v6().to_bytes()) {
    digits.values.push_back(octet >> 4);
    digits.values.push_back(octet & 15);
  }
  return digits;
}

dns::Name name_of(const Digits& digits, std::size_t count) {
  std::string text;
  for (std::size_t i = count; i-- > 0;) {
    char label[8];
    std::snprintf(label, sizeof label, digits.bits == 8 ? "%u." : "%x.", digits.values[i]);
    text += label;
  }
  return name(text + digits.suffix);
}

zone::Spec owned(const config::Zone& zone, std::span<const ip::address> addresses) {
  zone::Spec spec;
  spec.apex = name(zone.name);
  spec.kind = zone::Kind::Owned;
  spec.ttl = static_cast<std::uint32_t>(zone.ttl.count());
  spec.negative_ttl = static_cast<std::uint32_t>(zone.negative_ttl.count());
  spec.unknown = static_cast<zone::Unknown>(zone.unknown);
  spec.wildcards = static_cast<zone::Wildcards>(zone.wildcards);
  spec.order = static_cast<zone::Order>(zone.order);
  spec.ns = name("ns.dns." + zone.name);
  spec.hostmaster = name("hostmaster." + zone.name);
  spec.ns_addresses.assign(addresses.begin(), addresses.end());
  return spec;
}

// Where somebody who asks for the server of `ns.dns.<zone>` finds us.
std::vector<ip::address> server_addresses(const config::Config& config, std::span<const config::Endpoint> bound) {
  std::vector<ip::address> addresses;
  const auto add = [&](const ip::address& address) {
    if (std::ranges::find(addresses, address) == addresses.end()) addresses.push_back(address);
  };
  for (const auto& endpoint : bound) {
    if (!endpoint.address.is_unspecified()) add(endpoint.address);
  }
  for (const auto& address : config.advertise) add(address);
  return addresses;
}

}  // namespace

std::vector<dns::Name> reverse_zones(const config::Cidr& network) {
  Digits digits = digits_of(network.address);
  const std::size_t whole = (network.prefix + digits.bits - 1) / digits.bits;  // digits that an apex has
  const unsigned zones = 1u << (whole * digits.bits - network.prefix);
  std::vector<dns::Name> names;
  for (unsigned i = 0; i < zones; ++i) {
    names.push_back(name_of(digits, whole));
    if (whole > 0) ++digits.values[whole - 1];
  }
  return names;
}

dns::Name reverse_name(const ip::address& address) {
  const Digits digits = digits_of(address);
  return name_of(digits, digits.values.size());
}

bool owns_reverse(const config::Config& config) {
  return config.reverse_pools || !config.reverse.empty();
}

std::vector<zone::Spec> zone_specs(const config::Config& config, std::span<const config::Endpoint> bound) {
  const auto addresses = server_addresses(config, bound);
  std::vector<zone::Spec> specs;
  std::set<dns::Name> taken;
  for (const auto& zone : config.zones) {
    specs.push_back(owned(zone, addresses));
    taken.insert(specs.back().apex);
  }

  // The others have no name server of their own: they name that of the first owned zone.
  zone::Spec other;
  other.ns = specs.empty() ? name("localhost") : specs.front().ns;
  other.hostmaster = specs.empty() ? name("nobody.invalid") : specs.front().hostmaster;
  auto networks = config.reverse;
  if (config.reverse_pools) networks.insert(networks.end(), config.vip.pools.begin(), config.vip.pools.end());
  for (const auto& network : networks) {
    for (auto& apex : reverse_zones(network)) {
      if (!taken.insert(apex).second) continue;
      other.kind = zone::Kind::Reverse;
      other.apex = std::move(apex);
      specs.push_back(other);
    }
  }
  // The table of names outside all zones: other hosts, and the PTRs of VIPs outside the reverse zones.
  if (config.serve_hosts == config::Config::ServeHosts::Any || owns_reverse(config)) {
    other.kind = zone::Kind::AnyHost;
    other.apex = dns::Name();
    specs.push_back(other);
  }
  return specs;
}

}  // namespace meridian::control
