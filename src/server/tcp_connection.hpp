#pragma once
// One TCP connection of a client (RFC 7766, RFC 9210): messages with two octets of length in front, as many at once as
// the client likes, answered in the order in which the answers are ready.

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "server/descriptor.hpp"
#include "server/tcp_admission.hpp"
#include "server/tcp_front_end.hpp"

namespace meridian::server {

// Idle it costs under 1 KB: what it reads and writes goes through the front end's buffers, and only a rest (half a
// message, replies that the client does not take) is kept here until it is gone. Kept alive by the front end and by its
// own operations. Every call on the worker's loop.
class TcpConnection : public std::enable_shared_from_this<TcpConnection> {
 public:
  TcpConnection(TcpFrontEnd& front, Descriptor socket, const sockaddr_storage& peer);

  void start(TcpAdmission::SlotPtr slot);
  // Answers what has arrived already and reads no more: ends when nothing is owed.
  void drain();
  // Makes room for another: as drain().
  void evict();
  // At once, whatever is owed. Again does no harm.
  void close();

 private:
  using Clock = TcpAdmission::Clock;

  // Reading.
  void wait_readable();
  void read();
  void take_unread();
  std::size_t take(std::span<const std::uint8_t> octets);
  class Waiting;
  void send_later(std::span<const std::uint8_t> reply);
  void answer(std::span<const std::uint8_t> message);
  bool paused() const;

  // Writing.
  void gather(std::size_t size);
  void write_gathered();
  void wait_writable();
  void write_unsent();
  std::size_t unsent() const { return unsent_.size() - unsent_at_; }

  void proceed();
  void watch_clock();
  Clock::time_point deadline(Clock::time_point now) const;

  TcpFrontEnd& front_;
  boost::asio::posix::stream_descriptor socket_;
  boost::asio::steady_timer timer_;
  const sockaddr_storage peer_;
  TcpAdmission::SlotPtr slot_;

  std::vector<std::uint8_t> unread_;  // read and not taken: part of a message, or more if we are paused
  std::size_t unread_at_ = 0;         // where it begins
  std::vector<std::uint8_t> unsent_;  // replies that the kernel did not take yet
  std::size_t unsent_at_ = 0;
  std::uint32_t in_flight_ = 0;  // questions at the forwarder
  bool waiting_readable_ = false;
  bool read_closed_ = false;  // the client has sent its last octet, or we shall not read on
  bool closed_ = false;

  Clock::time_point last_active_;    // a message came or a reply went
  Clock::time_point message_began_;  // the first octet of the part in unread_ came
  Clock::time_point last_write_;     // the client took something of unsent_, or that began to wait
};

}  // namespace meridian::server
