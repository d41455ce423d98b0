#include "server/udp_outbox.hpp"

#include <cassert>
#include <cstring>
#include <utility>

namespace meridian::server {

UdpOutbox::UdpOutbox(int fd, stats::Counter& errors)
    : fd_(fd), errors_(errors), octets_(new std::uint8_t[kCapacity * kMaxUdpReply]) {
  for (std::size_t i = 0; i < kCapacity; ++i) {
    messages_[i].msg_hdr.msg_iov = &vectors_[i];
    messages_[i].msg_hdr.msg_iovlen = 1;
  }
}

void UdpOutbox::put(const UdpRoute& route, std::span<const std::uint8_t> reply) {
  assert(reply.size() <= kMaxUdpReply && "what is longer was truncated: the client's limit is never above ours");
  auto* const octets = octets_.get() + used_;
  std::memcpy(octets, reply.data(), reply.size());
  vectors_[count_] = {octets, reply.size()};
  routes_[count_] = route;
  routes_[count_].direct(messages_[count_].msg_hdr, control_[count_]);
  used_ += reply.size();
  if (++count_ == kCapacity) flush();
}

void UdpOutbox::flush() {
  if (const auto failed = send_all(fd_, std::span(messages_).first(count_))) errors_.add(failed);
  used_ = count_ = 0;
}

}  // namespace meridian::server
