#pragma once
// One UDP socket of one worker: packets in, replies out, and a turn for everyone else in between (design decision 2).

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <meridian/stats/counters.hpp>
#include "server/descriptor.hpp"
#include "server/responder.hpp"
#include "server/udp_batch.hpp"
#include "server/udp_outbox.hpp"

namespace meridian::server {

class UdpListener {
 public:
  // The socket is bound; everything else outlives the listener. Every call on `loop`.
  UdpListener(boost::asio::io_context& loop, Descriptor socket, UdpBatch& batch, Responder& responder,
              stats::WorkerCounters& counters);
  UdpListener(const UdpListener&) = delete;
  UdpListener& operator=(const UdpListener&) = delete;

  void start() { wait_readable(); }
  // Answers what has arrived, sends what is owed, and waits for nothing: the last act.
  void answer_arrived();

 private:
  class Waiting;
  void wait_readable();
  void drain();
  std::size_t answer_batch();
  void answer(std::size_t i);
  void send_later(const UdpRoute& route, std::span<const std::uint8_t> reply);

  boost::asio::io_context& loop_;
  boost::asio::posix::stream_descriptor socket_;
  UdpBatch& batch_;
  Responder& responder_;
  stats::WorkerCounters& counters_;
  UdpOutbox outbox_;  // replies to what was forwarded
  bool wildcard_;     // bound to 0.0.0.0 or [::]: which address was asked comes with each packet
};

}  // namespace meridian::server
