#pragma once
// Who may ask what: CIDR lists, looked at once a packet. Immutable; any thread.

#include <boost/asio/ip/address.hpp>
#include <sys/socket.h>
#include <vector>

#include <meridian/config/config.hpp>
#include <meridian/query/respond.hpp>

namespace meridian::server {

class AccessLists {
 public:
  AccessLists() = default;
  explicit AccessLists(const config::Access& access);
  // The rights of a client at this address; ::ffff:a.b.c.d counts as a.b.c.d.
  query::Client client(const sockaddr_storage& from, bool tcp) const;

 private:
  struct List;
};

}  // namespace meridian::server
