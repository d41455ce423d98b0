#pragma once
// All TCP connections of one worker: their admission, what they share, their end.

#include <array>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <span>
#include <unordered_set>

#include <meridian/dns/types.hpp>
#include <meridian/stats/counters.hpp>
#include "server/descriptor.hpp"
#include "server/responder.hpp"
#include "server/tcp_admission.hpp"

namespace meridian::server {

class TcpConnection;

// Every call on `loop`.
class TcpFrontEnd {
 public:
  // Replies gathered before they are written, and octets that may wait for a client before we stop reading from it.
  static constexpr std::size_t kHighWater = 64 * 1024;

  TcpFrontEnd(boost::asio::io_context& loop, Responder& responder, TcpAdmission& admission,
              stats::WorkerCounters& counters);
  ~TcpFrontEnd();
  TcpFrontEnd(const TcpFrontEnd&) = delete;
  TcpFrontEnd& operator=(const TcpFrontEnd&) = delete;

  // A connection was accepted: serves it, or closes it if there are too many.
  void open(Descriptor socket, const sockaddr_storage& peer);
  // Each connection answers what has arrived, and ends when it is owed nothing; calls `empty` when the last has ended,
  // if there is any.
  void drain(std::function<void()> empty);
  std::size_t connections() const { return connections_.size(); }

  // For connections. The buffers are used by one connection at a time, within one turn of the loop: that is why an idle
  // connection holds none.
  std::span<std::uint8_t> input() { return input_; }
  // Room for one more reply of any size with its length in front.
  std::span<std::uint8_t> room() { return std::span(output_).subspan(gathered_); }
  void gather(std::size_t octets) { gathered_ += octets; }
  std::size_t gathered() const { return gathered_; }
  // The replies gathered since the last call.
  std::span<const std::uint8_t> take_gathered();
  void closed(const std::shared_ptr<TcpConnection>& connection);

  boost::asio::io_context& loop() { return loop_; }
  Responder& responder() { return responder_; }
  stats::WorkerCounters& counters() { return counters_; }
  const config::Limits& limits() const { return responder_.settings().limits; }
  TcpAdmission& admission() { return admission_; }

 private:
  static constexpr std::size_t kInput = 16 * 1024;  // read at most this in one turn of one connection

  boost::asio::io_context& loop_;
  Responder& responder_;
  TcpAdmission& admission_;
  stats::WorkerCounters& counters_;
  std::unordered_set<std::shared_ptr<TcpConnection>> connections_;
  std::function<void()> empty_;
  std::size_t gathered_ = 0;
  std::array<std::uint8_t, kInput> input_;
  std::array<std::uint8_t, kHighWater + 2 + dns::kMaxMessage> output_;
};

}  // namespace meridian::server
