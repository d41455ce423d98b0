#pragma once
// Limits on TCP connections over all workers (behaviour: limits): shared by need, one mutex, taken once a connection and
// never a query.

#include <boost/asio/ip/address.hpp>
#include <cstdint>

namespace meridian::server {
class TcpAdmission;
}  // namespace meridian::server
