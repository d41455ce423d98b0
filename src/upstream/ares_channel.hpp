#pragma once
// The only door to c-ares (Debian's 1.18.1): questions to one server over one transport, on one worker's loop. Octets
// go in, octets come out; who is asked, when to ask again and when to give up is the forwarder's.
//
// What this unit keeps away from the rest (each measured in 1.18.1):
// - c-ares believes too much. Every datagram is shown to the listener before c-ares sees it, and what the listener does
//   not believe was never received: junk does not end the wait (RFC 5452, 9.1).
// - c-ares answers a FORMERR by cutting 11 octets off our query and by switching EDNS off for the whole channel; with
//   EDNS off it cuts replies to 512 octets. It is never shown a FORMERR; the listener is.
// - An empty datagram counts as an error of the socket and ends every question on it. It is not shown one.
// - ares_destroy inside one of its callbacks is an invalid free. Listeners are called only after c-ares has returned,
// so
//   a listener may send on this channel, and may destroy it.
// - It opens resolv.conf and reads the environment unless everything is given; everything is given.
// - Its own ids come from a weak generator; ours come from the kernel and are unique among those in flight here.
//
// Ports (RFC 5452, 9.2): a channel has one socket, connected, so the kernel drops what comes from elsewhere and picks
// the port. It is closed when nothing is in flight: a channel that was idle asks from a new port. Questions that are in
// flight together on one channel share its port; the owner spreads them over channels (Upstream). So ids are always
// unpredictable; ports are, as long as the owner has an idle channel left.

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

#include <meridian/config/config.hpp>

#include "upstream/channel.hpp"
#include "upstream/entropy.hpp"

namespace meridian::upstream {

class AresChannel final : public Channel {
 public:
  // Throws std::runtime_error if c-ares gets no memory. `entropy` must outlive the channel.
  AresChannel(boost::asio::io_context& loop, const config::Endpoint& server, Transport transport,
              std::chrono::milliseconds patience, Entropy& entropy);
  ~AresChannel() override;
  AresChannel(const AresChannel&) = delete;
  AresChannel& operator=(const AresChannel&) = delete;

  std::uint16_t send(std::vector<std::uint8_t>& query, std::shared_ptr<Listener> listener) override;
  std::size_t in_flight() const override;

  // 65,536 in flight make c-ares loop for ever, and long before that a random id is guessed too easily.
  static constexpr std::size_t kMostInFlight = 30000;

 private:
  class Core;  // outlives the channel while one of its own handlers runs
  std::shared_ptr<Core> core_;
};

}  // namespace meridian::upstream
