#include "server/udp_batch.hpp"

#include <cerrno>
#include <cstring>
#include <utility>

namespace meridian::server {

namespace {

// What recvmmsg told of the address asked becomes what sendmmsg takes as the source. The interface is left to the
// routing table, except where a link-local address means nothing without it (RFC 4007, 6).
void turn_around(msghdr& message) {
  for (auto* control = CMSG_FIRSTHDR(&message); control; control = CMSG_NXTHDR(&message, control)) {
    if (control->cmsg_level == IPPROTO_IP && control->cmsg_type == IP_PKTINFO) {
      in_pktinfo info;
      std::memcpy(&info, CMSG_DATA(control), sizeof info);
      info.ipi_ifindex = 0;
      std::memcpy(CMSG_DATA(control), &info, sizeof info);
    } else if (control->cmsg_level == IPPROTO_IPV6 && control->cmsg_type == IPV6_PKTINFO) {
      in6_pktinfo info;
      std::memcpy(&info, CMSG_DATA(control), sizeof info);
      if (!IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr)) info.ipi6_ifindex = 0;
      std::memcpy(CMSG_DATA(control), &info, sizeof info);
    }
  }
}

}  // namespace

UdpBatch::UdpBatch() : in_(new In), out_(new std::uint8_t[kCapacity * kMaxReply]), received_{}, sent_{} {
  for (std::size_t i = 0; i < kCapacity; ++i) {
    in_vectors_[i] = {in_->octets[i].data(), kMaxPacket};
    auto& in = received_[i].msg_hdr;
    in.msg_name = &in_->from[i];
    in.msg_iov = &in_vectors_[i];
    in.msg_iovlen = 1;
    auto& out = sent_[i].msg_hdr;
    out.msg_iov = &out_vectors_[i];
    out.msg_iovlen = 1;
  }
}

std::size_t UdpBatch::receive(int fd, bool addressed) {
  used_ = replies_ = 0;
  if (addressed != std::exchange(addressed_, addressed)) stale_ = kCapacity;
  for (std::size_t i = 0; i < stale_; ++i) {  // the kernel has overwritten these
    auto& message = received_[i].msg_hdr;
    message.msg_namelen = sizeof(sockaddr_storage);
    message.msg_control = addressed ? &in_->control[i] : nullptr;
    message.msg_controllen = addressed ? sizeof(Control) : 0;
  }
  const int count = ::recvmmsg(fd, received_.data(), kCapacity, MSG_DONTWAIT, nullptr);
  stale_ = count > 0 ? static_cast<std::size_t>(count) : 0;
  if (count <= 0) return 0;  // nothing there, or an ICMP error of an earlier reply: either way, wait for the next
  if (addressed)
    for (int i = 0; i < count; ++i) turn_around(received_[static_cast<std::size_t>(i)].msg_hdr);
  return static_cast<std::size_t>(count);
}

UdpRoute UdpBatch::route(std::size_t i) const {
  const auto& message = received_[i].msg_hdr;
  UdpRoute route;
  route.to_size = message.msg_namelen;
  std::memcpy(&route.to, message.msg_name, sizeof route.to);
  route.control_size = message.msg_controllen;
  if (route.control_size) std::memcpy(route.control.data(), message.msg_control, route.control_size);
  return route;
}

void UdpBatch::reply(std::size_t i, std::size_t size) {
  const auto& asked = received_[i].msg_hdr;
  auto& message = sent_[replies_].msg_hdr;
  message.msg_name = asked.msg_name;
  message.msg_namelen = asked.msg_namelen;
  message.msg_control = asked.msg_controllen ? asked.msg_control : nullptr;
  message.msg_controllen = asked.msg_controllen;
  out_vectors_[replies_] = {out_.get() + used_, size};
  used_ += size;
  ++replies_;
}

std::size_t UdpBatch::send(int fd) {
  std::size_t failed = 0;
  for (std::size_t done = 0; done < replies_;) {
    const int count = ::sendmmsg(fd, &sent_[done], static_cast<unsigned>(replies_ - done), MSG_DONTWAIT);
    if (count > 0) {
      done += static_cast<std::size_t>(count);
    } else if (errno == EAGAIN || errno == ENOBUFS) {  // the queue is full: the clients ask again, we never wait
      failed += replies_ - done;
      break;
    } else if (errno != EINTR) {  // this one can't be sent (no route, port 0): the others may
      ++failed;
      ++done;
    }
  }
  used_ = replies_ = 0;
  return failed;
}

bool send_to(int fd, const UdpRoute& route, std::span<const std::uint8_t> reply) {
  iovec vector{const_cast<std::uint8_t*>(reply.data()), reply.size()};
  msghdr message{};
  message.msg_name = const_cast<sockaddr_storage*>(&route.to);
  message.msg_namelen = route.to_size;
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  message.msg_control = route.control_size ? const_cast<std::uint8_t*>(route.control.data()) : nullptr;
  message.msg_controllen = route.control_size;
  return ::sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
}

}  // namespace meridian::server
