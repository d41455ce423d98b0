#include "server/udp_route.hpp"

#include <cerrno>
#include <cstring>

namespace meridian::server {

namespace {

template <class Info>
void tell_source(msghdr& message, UdpRoute::Control& control, int level, int type, const Info& info) {
  message.msg_control = control.data();
  message.msg_controllen = CMSG_SPACE(sizeof info);
  auto* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = level;
  header->cmsg_type = type;
  header->cmsg_len = CMSG_LEN(sizeof info);
  std::memcpy(CMSG_DATA(header), &info, sizeof info);
}

}  // namespace

UdpRoute UdpRoute::back(const msghdr& received) {
  UdpRoute route;
  const auto* from = static_cast<const sockaddr*>(received.msg_name);
  std::memcpy(&route.to, from, from->sa_family == AF_INET ? sizeof route.to.v4 : sizeof route.to.v6);
  route.interface = 0;
  route.has_source = false;
  auto& message = const_cast<msghdr&>(received);  // CMSG_NXTHDR asks for it, and only reads
  for (auto* control = CMSG_FIRSTHDR(&message); control; control = CMSG_NXTHDR(&message, control)) {
    if (control->cmsg_level == IPPROTO_IP && control->cmsg_type == IP_PKTINFO) {
      in_pktinfo info;
      std::memcpy(&info, CMSG_DATA(control), sizeof info);
      route.source.v4 = info.ipi_spec_dst;
      route.has_source = true;
    } else if (control->cmsg_level == IPPROTO_IPV6 && control->cmsg_type == IPV6_PKTINFO) {
      in6_pktinfo info;
      std::memcpy(&info, CMSG_DATA(control), sizeof info);
      route.source.v6 = info.ipi6_addr;
      if (IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr)) route.interface = info.ipi6_ifindex;
      route.has_source = true;
    }
  }
  return route;
}

void UdpRoute::direct(msghdr& message, Control& control) {
  const bool v4 = to.any.sa_family == AF_INET;
  message.msg_name = &to;
  message.msg_namelen = v4 ? sizeof to.v4 : sizeof to.v6;
  message.msg_control = nullptr;
  message.msg_controllen = 0;
  if (!has_source) return;
  if (v4) {
    in_pktinfo info{};
    info.ipi_spec_dst = source.v4;
    tell_source(message, control, IPPROTO_IP, IP_PKTINFO, info);
  } else {
    tell_source(message, control, IPPROTO_IPV6, IPV6_PKTINFO, in6_pktinfo{source.v6, interface});
  }
}

std::size_t send_all(int fd, std::span<mmsghdr> messages) {
  std::size_t failed = 0;
  while (!messages.empty()) {
    const int count = ::sendmmsg(fd, messages.data(), static_cast<unsigned>(messages.size()), MSG_DONTWAIT);
    if (count > 0) {
      messages = messages.subspan(static_cast<std::size_t>(count));
    } else if (errno == EAGAIN || errno == ENOBUFS) {  // the queue is full: the clients ask again, we never wait
      return failed + messages.size();
    } else if (errno != EINTR) {  // this one can't be sent (no route, port 0): the others may
      ++failed;
      messages = messages.subspan(1);
    }
  }
  return failed;
}

}  // namespace meridian::server
