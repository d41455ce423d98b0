#pragma once
// Where a UDP reply goes and which of our addresses it leaves from, kept small for replies that are sent later; and how
// replies leave, whoever gathered them.

#include <netinet/in.h>
#include <sys/socket.h>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace meridian::server {

inline constexpr std::size_t kMaxUdpReply = 4096;  // octets; limits.udp-payload is no more

struct UdpRoute {
  // Room for what tells the kernel the address that a reply leaves from.
  struct alignas(cmsghdr) Control : std::array<std::uint8_t, CMSG_SPACE(sizeof(in6_pktinfo))> {};

  // The way back of what recvmmsg gave. A socket bound to one address got no control data: that one is the source.
  static UdpRoute back(const msghdr& received);
  // Sends `message` this way; it borrows from the route and from `control`.
  void direct(msghdr& message, Control& control);

  union {
    sockaddr any;
    sockaddr_in v4;
    sockaddr_in6 v6;
  } to;
  union {
    in_addr v4;
    in6_addr v6;
  } source;
  unsigned interface;  // of a link-local source, which means nothing without it (RFC 4007, 6); else 0
  bool has_source;
};

// Sends all messages, in their order, with as few system calls as the kernel allows and without waiting. Returns the
// number of those that it didn't take.
std::size_t send_all(int fd, std::span<mmsghdr> messages);

}  // namespace meridian::server
