#include "server/socket_address.hpp"

#include <netinet/in.h>
#include <cstring>

namespace meridian::server {

namespace ip = boost::asio::ip;

SocketAddress to_socket_address(const config::Endpoint& endpoint) {
  SocketAddress out;
  if (endpoint.address.is_v4()) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(endpoint.port);
    v4.sin_addr.s_addr = htonl(endpoint.address.to_v4().to_uint());
    std::memcpy(&out.storage, &v4, sizeof v4);
    out.size = sizeof v4;
  } else {
    const auto address = endpoint.address.to_v6();
    const auto octets = address.to_bytes();
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(endpoint.port);
    v6.sin6_scope_id = static_cast<std::uint32_t>(address.scope_id());
    std::memcpy(&v6.sin6_addr, octets.data(), octets.size());
    std::memcpy(&out.storage, &v6, sizeof v6);
    out.size = sizeof v6;
  }
  return out;
}

config::Endpoint to_endpoint(const sockaddr_storage& storage) {
  if (storage.ss_family == AF_INET) {
    sockaddr_in v4;
    std::memcpy(&v4, &storage, sizeof v4);
    return {ip::address_v4{ntohl(v4.sin_addr.s_addr)}, ntohs(v4.sin_port)};
  }
  sockaddr_in6 v6;
  std::memcpy(&v6, &storage, sizeof v6);
  ip::address_v6::bytes_type octets;
  std::memcpy(octets.data(), &v6.sin6_addr, octets.size());
  const ip::address_v6 address{octets, v6.sin6_scope_id};
  if (address.is_v4_mapped()) return {ip::make_address_v4(ip::v4_mapped, address), ntohs(v6.sin6_port)};
  return {address, ntohs(v6.sin6_port)};
}

}  // namespace meridian::server
