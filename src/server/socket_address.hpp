#pragma once
// Addresses as the kernel spells them, and as everybody else does. Pure; any thread.

#include <sys/socket.h>
#include <boost/asio/ip/address.hpp>

#include <meridian/config/config.hpp>

namespace meridian::server {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

SocketAddress to_socket_address(const config::Endpoint& endpoint);
// An IPv4-mapped address (::ffff:a.b.c.d) is given as a.b.c.d: one client is one address, whichever socket it came by.
config::Endpoint to_endpoint(const sockaddr_storage& storage);

}  // namespace meridian::server
