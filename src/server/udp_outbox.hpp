#pragma once
// Replies that come later than the batch of their questions, because somebody else was asked: those of one turn of the
// loop leave together, up to 64 by one system call. One a UDP listener, on its loop. Allocates when it is made and
// never again.

#include <sys/socket.h>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include <meridian/stats/counters.hpp>
#include "server/udp_route.hpp"

namespace meridian::server {

class UdpOutbox {
 public:
  static constexpr std::size_t kCapacity = 64;

  // Sends by `fd`, which stays its owner's, and counts in `errors` what the kernel doesn't take.
  UdpOutbox(int fd, stats::Counter& errors);
  UdpOutbox(const UdpOutbox&) = delete;
  UdpOutbox& operator=(const UdpOutbox&) = delete;

  bool empty() const { return count_ == 0; }
  // Copies the reply, of at most kMaxUdpReply octets. If it is the last that fits, all are sent.
  void put(const UdpRoute& route, std::span<const std::uint8_t> reply);
  // Sends what is there, in the order in which it was put; never waits.
  void flush();

 private:
  const int fd_;
  stats::Counter& errors_;
  std::unique_ptr<std::uint8_t[]> octets_;  // replies one behind the other: they are small, and so stay in few lines
  std::size_t used_ = 0;                    // octets of octets_
  std::size_t count_ = 0;
  std::array<UdpRoute, kCapacity> routes_;
  std::array<UdpRoute::Control, kCapacity> control_;
  std::array<iovec, kCapacity> vectors_;
  std::array<mmsghdr, kCapacity> messages_{};
};

}  // namespace meridian::server
