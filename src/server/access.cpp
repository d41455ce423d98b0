#include "server/access.hpp"

#include <endian.h>
#include <netinet/in.h>
#include <algorithm>
#include <cstring>

namespace meridian::server {

namespace {

// The first `prefix` of `width` bits set.
std::uint64_t mask_of(unsigned prefix, unsigned width) {
  if (prefix == 0) return 0;
  const std::uint64_t all = width == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << width) - 1;
  return prefix >= width ? all : all & (all << (width - prefix));
}

std::array<std::uint64_t, 2> words_of(const std::uint8_t* octets) {
  std::array<std::uint64_t, 2> words;
  std::memcpy(words.data(), octets, 16);
  return {be64toh(words[0]), be64toh(words[1])};
}

}  // namespace

AccessLists::AccessLists(const config::Access& access) {
  add(access.queries, kQuery);
  add(access.recursion, kRecurse);
  add(access.introspect, kIntrospect);
}

void AccessLists::add(const std::vector<config::Cidr>& list, Rights rights) {
  for (const auto& cidr : list) {
    if (cidr.address.is_v4()) {
      const auto mask = static_cast<std::uint32_t>(mask_of(cidr.prefix, 32));
      if (mask == 0)
        everybody4_ |= rights;
      else
        v4_.push_back({cidr.address.to_v4().to_uint() & mask, mask, rights});
    } else {
      const Words mask = {mask_of(std::min(cidr.prefix, 64u), 64),
                          mask_of(cidr.prefix > 64 ? cidr.prefix - 64 : 0, 64)};
      const Words network = words_of(cidr.address.to_v6().to_bytes().data());
      if (mask[0] == 0)
        everybody6_ |= rights;
      else
        v6_.push_back({{network[0] & mask[0], network[1] & mask[1]}, mask, rights});
    }
  }
}

AccessLists::Rights AccessLists::rights4(std::uint32_t address) const {
  Rights rights = everybody4_;
  for (const auto& row : v4_)
    if ((address & row.mask) == row.network) rights |= row.rights;
  return rights;
}

AccessLists::Rights AccessLists::rights6(const Words& address) const {
  constexpr std::uint64_t kMapped = 0x0000ffff;  // RFC 4291, 2.5.5.2
  if (address[0] == 0 && address[1] >> 32 == kMapped) return rights4(static_cast<std::uint32_t>(address[1]));
  Rights rights = everybody6_;
  for (const auto& row : v6_)
    if ((address[0] & row.mask[0]) == row.network[0] && (address[1] & row.mask[1]) == row.network[1])
      rights |= row.rights;
  return rights;
}

query::Client AccessLists::client(const sockaddr_storage& from, bool tcp) const {
  Rights rights = 0;
  if (from.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(from);
    rights = rights4(ntohl(v4.sin_addr.s_addr));
  } else if (from.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(from);
    rights = rights6(words_of(v6.sin6_addr.s6_addr));
  }
  query::Client client;
  client.tcp = tcp;
  client.may_query = rights & kQuery;
  client.may_recurse = rights & kRecurse;
  client.may_introspect = rights & kIntrospect;
  return client;
}

}  // namespace meridian::server
