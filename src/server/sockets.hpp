#pragma once
// The listening sockets, bound before anything else starts.

#include <vector>

#include <meridian/config/config.hpp>
#include "server/descriptor.hpp"

namespace meridian::server {

// Descriptors of one worker that are bound already, one for each listening address (SO_REUSEPORT: each worker has its
// own, and the kernel spreads the clients over them).
struct Sockets {
  std::vector<Descriptor> udp;
  std::vector<Descriptor> tcp;  // listening
};

// Binds `addresses` for `workers` workers; port 0 is chosen once and is the same for UDP, TCP and all workers. Throws
// std::runtime_error with what to do (port taken, by whom if /proc tells; no permission for a port under 1024). `bound`
// gets the addresses with their ports. [::1] on a machine without IPv6 is left out with a warning: it is in the default
// configuration, and nobody could ask there.
std::vector<Sockets> bind_sockets(const std::vector<config::Endpoint>& addresses, unsigned workers,
                                  std::vector<config::Endpoint>& bound);

// Where a socket is bound.
config::Endpoint local_endpoint(int fd);

}  // namespace meridian::server
