#pragma once
// The only door to c-ares (Debian's 1.18.1; 1.34.5 works alike): questions to one server over one transport, on one
// worker's loop. Octets go in, octets come out; who is asked, when to ask again and when to give up is the forwarder's.
//
// Over UDP c-ares keeps the book of who waits, and no more than that. Its one descriptor is not one, it never touches
// it itself (read in the sources of both): what it sends leaves from the ports of UdpPorts, as we composed it, and of
// what comes back it is shown that the question has ended, never the reply. That is how it is kept from doing harm
// (each of these was measured, but for the last of 1.34, which was read):
// - It believes too much: QR=0, other opcodes, other letter cases, lying counts. UdpPorts knows which question left
//   from which port, the listener says what it believes, and nothing else ends the wait (RFC 5452, 9.1).
// - It has one port for all, for as long as anything is in flight; and its ids come from a weak generator. Ours come
//   from the kernel and are unique among those in flight here.
// - It answers a FORMERR by cutting 11 octets off our query and by switching EDNS off for the whole channel; with EDNS
//   off it cuts replies to 512 octets. An empty datagram, or one ICMP error, ends every question on a socket.
// - 1.34 writes queries and replies anew, keeps answers for an hour, sets time-outs by the round trips it sees (250 ms
//   for a near server, whatever was asked for), and ends every question on a socket for one reply that it can't parse.
//   What it brings against forgers (good ids, a port for a few questions, 0x20) is here for both, at less cost.
// Over TCP the stream is c-ares' own, pipelined over one connection that is kept while questions come. What it takes
// for a reply is shown to the listener. 1.34's time-outs are its own there.
// - ares_destroy inside one of its callbacks is an invalid free. Listeners are called only after c-ares has returned,
//   so a listener may send on this channel, and may destroy it.
// - It opens resolv.conf and reads the environment unless everything is given; everything is given.

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

#include <meridian/config/config.hpp>
#include <meridian/stats/counters.hpp>

#include "upstream/channel.hpp"
#include "upstream/entropy.hpp"

namespace meridian::upstream {

class AresChannel final : public Channel {
 public:
  // Udp or Tcp. Throws std::runtime_error if c-ares gets no memory. `entropy` and `counters` outlive the channel.
  // `patience`: how long a question is waited for; 1.34 waits 250 ms at least. `idle`: how long a TCP connection is
  // kept that has no question (RFC 7766, 6.2.3).
  AresChannel(boost::asio::io_context& loop, const config::Endpoint& server, Transport transport,
              std::chrono::milliseconds patience, Entropy& entropy, stats::WorkerCounters& counters,
              std::chrono::milliseconds idle = kIdle);
  ~AresChannel() override;
  AresChannel(const AresChannel&) = delete;
  AresChannel& operator=(const AresChannel&) = delete;

  std::uint16_t send(std::vector<std::uint8_t>& query, std::shared_ptr<Listener> listener) override;
  std::size_t in_flight() const override;

  // 65,536 in flight make c-ares loop for ever, and long before that a random id is guessed too easily.
  static constexpr std::size_t kMostInFlight = 30000;
  static constexpr std::chrono::seconds kIdle{10};

 private:
  class Core;  // outlives the channel while one of its own handlers runs
  std::shared_ptr<Core> core_;
};

}  // namespace meridian::upstream
