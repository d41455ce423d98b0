#pragma once
// A way to one server: queries go out, replies come in, each to the one who waits for it. Who is asked, when to ask
// again and when to give up is the forwarder's.

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace meridian::upstream {

enum class Transport : std::uint8_t { Udp, Tcp, Tls };

enum class Failure : std::uint8_t {
  TimedOut,     // nothing believable came within the channel's patience
  Unreachable,  // ICMP says so, or the connection failed or ended; every question of the channel may get this together
  Rejected,     // over a stream: what came is not to be believed
  Busy,         // too many in flight, or no memory or descriptor for another
};

// Waits for one reply. Exactly one of replied() and failed() is called, later, on the loop; none if the channel is
// destroyed before.
class Listener {
 public:
  virtual ~Listener() = default;
  // Octets that carry this question's id, and came the way it went. Must not touch the channel.
  virtual bool believes(std::span<const std::uint8_t> octets) = 0;
  // The reply, which was believed. May send on the channel, and may destroy it.
  virtual void replied(std::vector<std::uint8_t> octets) = 0;
  virtual void failed(Failure failure) = 0;
};

// All calls on the loop of its worker.
class Channel {
 public:
  virtual ~Channel() = default;  // listeners still waiting are let go without a word
  // Sends a query (copied) under a fresh random id, unique among those in flight here, which is written over its first
  // two octets and returned. One send, no repetition; what is sent in one turn of the loop may leave at its end.
  virtual std::uint16_t send(std::vector<std::uint8_t>& query, std::shared_ptr<Listener> listener) = 0;
  virtual std::size_t in_flight() const = 0;
};

}  // namespace meridian::upstream
