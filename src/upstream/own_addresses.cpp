#include "upstream/own_addresses.hpp"

#include <ifaddrs.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>

namespace meridian::upstream {

namespace {

using boost::asio::ip::address;
using boost::asio::ip::address_v4;
using boost::asio::ip::address_v6;

// ::ffff:10.0.0.1 goes where 10.0.0.1 goes, and on Linux 0.0.0.0 where 127.0.0.1 does.
address reached(const address& at) {
  if (at.is_v6() && at.to_v6().is_v4_mapped())
    return reached(boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, at.to_v6()));
  if (!at.is_unspecified()) return at;
  return at.is_v4() ? address(address_v4::loopback()) : address(address_v6::loopback());
}

// Of an interface; the unspecified address for what is neither family.
address of_interface(const ifaddrs& interface) {
  if (!interface.ifa_addr) return {};
  if (interface.ifa_addr->sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, interface.ifa_addr, sizeof v4);
    return address_v4(ntohl(v4.sin_addr.s_addr));
  }
  if (interface.ifa_addr->sa_family != AF_INET6) return {};
  sockaddr_in6 v6{};
  std::memcpy(&v6, interface.ifa_addr, sizeof v6);
  address_v6::bytes_type octets;
  std::memcpy(octets.data(), v6.sin6_addr.s6_addr, octets.size());
  return address_v6(octets, v6.sin6_scope_id);
}

// Not by trying to bind: with net.ipv4.ip_nonlocal_bind that works for every address there is.
bool is_of_this_machine(const address& at) {
  if (at.is_loopback()) return true;
  ifaddrs* all = nullptr;
  if (::getifaddrs(&all) != 0) return false;
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> list(all, ::freeifaddrs);
  for (const auto* interface = all; interface; interface = interface->ifa_next)
    if (of_interface(*interface) == at) return true;
  return false;
}

}  // namespace

std::function<bool(const config::Endpoint&)> listening_at(std::vector<config::Endpoint> listening) {
  return [listening = std::move(listening)](const config::Endpoint& target) {
    const auto at = reached(target.address);
    return std::any_of(listening.begin(), listening.end(), [&](const config::Endpoint& here) {
      if (here.port != target.port || here.address.is_v4() != at.is_v4()) return false;
      return here.address.is_unspecified() ? is_of_this_machine(at) : here.address == at;
    });
  };
}

}  // namespace meridian::upstream
