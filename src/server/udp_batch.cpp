#include "server/udp_batch.hpp"

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
    message.msg_controllen = addressed ? sizeof(UdpRoute::Control) : 0;
  }
  const int count = ::recvmmsg(fd, received_.data(), kCapacity, MSG_DONTWAIT, nullptr);
  stale_ = count > 0 ? static_cast<std::size_t>(count) : 0;
  if (count <= 0) return 0;  // nothing there, or an ICMP error of an earlier reply: either way, wait for the next
  if (addressed)
    for (int i = 0; i < count; ++i) turn_around(received_[static_cast<std::size_t>(i)].msg_hdr);
  return static_cast<std::size_t>(count);
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
  const auto failed = send_all(fd, std::span(sent_).first(replies_));
  used_ = replies_ = 0;
  return failed;
}

}  // namespace meridian::server
