#pragma once
// The buffers of one recvmmsg and the sendmmsg that answers it: up to 64 packets for two system calls. One a worker,
// shared by its UDP listeners, which use it in turn. Allocates when it is made and never again.

#include <netinet/in.h>
#include <sys/socket.h>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "server/udp_route.hpp"

namespace meridian::server {

class UdpBatch {
 public:
  static constexpr std::size_t kCapacity = 64;
  static constexpr std::size_t kMaxPacket = 4096;  // what is longer is cut, and then no message: FORMERR
  static constexpr std::size_t kMaxReply = kMaxUdpReply;

  UdpBatch();

  // Takes what is waiting, never blocks, forgets what was there before. With `addressed`, a socket bound to a wildcard
  // address, also which of our addresses each packet was sent to (IP_PKTINFO, IPV6_PKTINFO). Returns the number.
  std::size_t receive(int fd, bool addressed);
  std::span<const std::uint8_t> packet(std::size_t i) const { return {in_->octets[i].data(), received_[i].msg_len}; }
  const sockaddr_storage& from(std::size_t i) const { return in_->from[i]; }
  UdpRoute route(std::size_t i) const { return UdpRoute::back(received_[i].msg_hdr); }

  // Where the next reply is composed: kMaxReply octets.
  std::span<std::uint8_t> room() { return {out_.get() + used_, kMaxReply}; }
  // The first `size` octets of the room are the reply to packet `i`, from the address that it was sent to (RFC
  // 2181, 4.1).
  void reply(std::size_t i, std::size_t size);
  // Sends all replies; returns the number of those that the kernel didn't take.
  std::size_t send(int fd);

 private:
  // A line more than a power of two, so that the first lines of the packets don't all fall into one set of the cache.
  using Octets = std::array<std::uint8_t, kMaxPacket + 64>;
  struct alignas(64) In {
    std::array<Octets, kCapacity> octets;
    std::array<sockaddr_storage, kCapacity> from;
    std::array<UdpRoute::Control, kCapacity> control;
  };

  std::unique_ptr<In> in_;
  std::unique_ptr<std::uint8_t[]> out_;  // replies one behind the other: they are small, and so stay in few lines
  std::size_t used_ = 0;                 // octets of out_
  std::size_t stale_ = kCapacity;        // headers of received_ that must be set before the next recvmmsg
  bool addressed_ = false;
  std::size_t replies_ = 0;
  std::array<iovec, kCapacity> in_vectors_, out_vectors_;
  std::array<mmsghdr, kCapacity> received_, sent_;
};

}  // namespace meridian::server
