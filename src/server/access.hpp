#pragma once
// Who may ask what: CIDR lists, looked at once a packet. Immutable; any thread.

#include <sys/socket.h>
#include <array>
#include <cstdint>
#include <vector>

#include <meridian/config/config.hpp>
#include <meridian/query/respond.hpp>

namespace meridian::server {

// The three lists become one table for each family: a packet's address is compared once with each prefix, and the
// rights of all that match are joined. A prefix of length 0 is not a row but what everybody has.
class AccessLists {
 public:
  AccessLists() = default;  // nobody may do anything
  explicit AccessLists(const config::Access& access);

  // The rights of a client at this address; ::ffff:a.b.c.d counts as a.b.c.d.
  query::Client client(const sockaddr_storage& from, bool tcp) const;

 private:
  using Rights = std::uint8_t;
  enum : Rights { kQuery = 1, kRecurse = 2, kIntrospect = 4 };
  struct V4 {
    std::uint32_t network, mask;
    Rights rights;
  };
  using Words = std::array<std::uint64_t, 2>;  // an IPv6 address, most significant half first
  struct V6 {
    Words network, mask;
    Rights rights;
  };

  void add(const std::vector<config::Cidr>& list, Rights rights);
  Rights rights4(std::uint32_t address) const;
  Rights rights6(const Words& address) const;

  std::vector<V4> v4_;
  std::vector<V6> v6_;
  Rights everybody4_ = 0, everybody6_ = 0;
};

}  // namespace meridian::server
