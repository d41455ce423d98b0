#pragma once
// Which zones there are: the owned ones, the reverse zones of the pools, and the hosts outside (behaviour: small print,
// Zones and Reverse). Pure.

#include <span>
#include <vector>

#include <meridian/config/config.hpp>
#include <meridian/zone/zone.hpp>

namespace meridian::control {

// `bound`: the listening addresses. The concrete ones, and `advertise`, are the addresses of ns.dns.<zone>.
std::vector<zone::Spec> zone_specs(const config::Config& config, std::span<const config::Endpoint> bound);

// Whether any address points back: not with `reverse: []`.
bool owns_reverse(const config::Config& config);

// The octet zones (nibble zones for IPv6) that a network is cut into: 245.0.0.0/12 is sixteen of them.
std::vector<dns::Name> reverse_zones(const config::Cidr& network);

// 4.3.2.245.in-addr.arpa, or its ip6.arpa counterpart (RFC 1035, 3.5; RFC 3596, 2.5).
dns::Name reverse_name(const boost::asio::ip::address& address);

}  // namespace meridian::control
