#include "server/sockets.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>
#include <cerrno>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>

#include "server/port_holder.hpp"
#include "server/socket_address.hpp"

namespace meridian::server {

namespace {

constexpr int kUdpBuffer = 4 << 20;  // octets; the kernel cuts it to net.core.rmem_max
constexpr int kBacklog = 4096;       // the kernel cuts it to net.core.somaxconn
constexpr int kPortAttempts = 16;

enum class Sharing { Alone, WithOtherWorkers };

void set(int fd, int level, int option, int value) {
  (void)::setsockopt(fd, level, option, &value, sizeof value);
}

// What nothing depends on: a kernel that knows less gives a slower server, not a wrong one.
void tune(int fd, const config::Endpoint& endpoint, bool tcp) {
  if (tcp) {
    set(fd, IPPROTO_TCP, TCP_NODELAY, 1);  // inherited by the connections; we gather replies ourselves
    return;
  }
  set(fd, SOL_SOCKET, SO_RCVBUF, kUdpBuffer);
  set(fd, SOL_SOCKET, SO_SNDBUF, kUdpBuffer);
  // Replies ignore path MTU news, which anybody can forge to have them fragmented (as BIND and Knot do).
  if (endpoint.address.is_v4())
    set(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_OMIT);
  else
    set(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_OMIT);
}

// With errno if it fails. On a wildcard address each UDP packet brings the address that it was sent to.
std::optional<Descriptor> bind_one(const config::Endpoint& endpoint, bool tcp, Sharing sharing) {
  const bool v4 = endpoint.address.is_v4();
  const int type = (tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_NONBLOCK | SOCK_CLOEXEC;
  Descriptor socket{::socket(v4 ? AF_INET : AF_INET6, type, 0)};
  if (!socket) return std::nullopt;
  const int fd = socket.get();
  if (!v4) set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
  if (tcp) set(fd, SOL_SOCKET, SO_REUSEADDR, 1);  // connections of a server before us may still be in TIME_WAIT
  if (sharing == Sharing::WithOtherWorkers) set(fd, SOL_SOCKET, SO_REUSEPORT, 1);
  if (!tcp && endpoint.address.is_unspecified())
    v4 ? set(fd, IPPROTO_IP, IP_PKTINFO, 1) : set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
  tune(fd, endpoint, tcp);
  const auto address = to_socket_address(endpoint);
  if (::bind(fd, address.get(), address.size) != 0) return std::nullopt;
  if (tcp && sharing == Sharing::WithOtherWorkers && ::listen(fd, kBacklog) != 0) return std::nullopt;
  return socket;
}

[[noreturn]] void refuse(const config::Endpoint& endpoint, bool tcp, int error) {
  const std::string where = "listen " + endpoint.to_text() + (tcp ? " (TCP): " : " (UDP): ");
  if (error == EADDRINUSE)
    throw std::runtime_error(where + "the port is taken by " + port_holder(endpoint, tcp) +
                             "; stop it, or choose another address or port");
  if (error == EACCES && endpoint.port < 1024)
    throw std::runtime_error(where + "no permission for a port under 1024; give the program CAP_NET_BIND_SERVICE " +
                             "(systemd: AmbientCapabilities=CAP_NET_BIND_SERVICE, by hand: setcap " +
                             "cap_net_bind_service=+ep on it), or choose a port from 1024 on");
  if (error == EADDRNOTAVAIL)
    throw std::runtime_error(where + "this machine has no such address; `ip address` shows those that it has, and " +
                             (endpoint.address.is_v4() ? "0.0.0.0" : "[::]") + " stands for all of them");
  throw std::runtime_error(where + std::generic_category().message(error));
}

Descriptor bind_or_refuse(const config::Endpoint& endpoint, bool tcp, Sharing sharing) {
  auto socket = bind_one(endpoint, tcp, sharing);
  if (!socket) refuse(endpoint, tcp, errno);
  return std::move(*socket);
}

// SO_REUSEPORT lets in any process of the same user, so another Meridian would get half of our packets without a word:
// first we see that the port is free. Also turns port 0 into one that is free for both UDP and TCP.
config::Endpoint probe(config::Endpoint endpoint) {
  if (endpoint.port != 0) {
    bind_or_refuse(endpoint, false, Sharing::Alone);
    bind_or_refuse(endpoint, true, Sharing::Alone);
    return endpoint;
  }
  for (int attempt = 0;; ++attempt) {
    const auto udp = bind_or_refuse(endpoint, false, Sharing::Alone);
    const auto chosen = local_endpoint(udp.get());
    if (bind_one(chosen, true, Sharing::Alone)) return chosen;
    if (errno != EADDRINUSE || attempt == kPortAttempts) refuse(chosen, true, errno);
  }
}

// Of an address that stands for any machine's own; another one was meant, and must be there.
bool no_ipv6_here(const config::Endpoint& endpoint) {
  if (!endpoint.address.is_v6() || !(endpoint.address.is_loopback() || endpoint.address.is_unspecified())) return false;
  return !bind_one({endpoint.address, 0}, false, Sharing::Alone) && (errno == EADDRNOTAVAIL || errno == EAFNOSUPPORT);
}

}  // namespace

std::vector<Sockets> bind_sockets(const std::vector<config::Endpoint>& addresses, unsigned workers,
                                  std::vector<config::Endpoint>& bound) {
  bound.clear();
  for (const auto& address : addresses) {
    if (addresses.size() > 1 && no_ipv6_here(address))
      spdlog::warn("listen {}: this machine has no IPv6; going on without", address.to_text());
    else
      bound.push_back(probe(address));
  }
  std::vector<Sockets> sockets(workers);
  for (auto& worker : sockets) {
    for (const auto& address : bound) {
      worker.udp.push_back(bind_or_refuse(address, false, Sharing::WithOtherWorkers));
      worker.tcp.push_back(bind_or_refuse(address, true, Sharing::WithOtherWorkers));
    }
  }
  return sockets;
}

config::Endpoint local_endpoint(int fd) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &size) != 0)
    throw std::system_error(errno, std::generic_category(), "getsockname");
  return to_endpoint(storage);
}

}  // namespace meridian::server
