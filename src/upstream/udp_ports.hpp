#pragma once
// The UDP ports that questions to one server leave from and come back to (RFC 5452, 9.2), with few system calls a
// question.
//
// What is sent in one turn of the loop is gathered, and leaves at its end by sendmmsg, up to kQuestionsPerPort from one
// port that the kernel has just chosen and that never sends again. So at low load each question has a port of its own,
// and at high load the price of a port is shared. Sharing tells a forger nothing: who answers a question must guess its
// port and its id, whoever else left from there. With kMostPorts busy, or no descriptor left, a busy port chosen at
// random takes more.
//
// Sockets are connected, so the kernel drops what comes from elsewhere than the server and tells of ICMP errors. A
// socket whose questions have all ended lingers on its port, so that second answers are seen and counted. Then it is
// given another port: connecting to nowhere takes the port away (connect(2), AF_UNSPEC), connecting again brings
// another one, which costs a third of a new socket. What still lies in it from the old port is thrown away in between.
//
// One epoll instance holds them all, and Asio's loop waits for that: Asio's own registration would cost each port
// three system calls more.

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <vector>

#include <meridian/config/config.hpp>
#include <meridian/stats/counters.hpp>

#include "upstream/channel.hpp"
#include "upstream/entropy.hpp"

namespace meridian::upstream {

class UdpPorts {
  struct Port;

 public:
  // A question on its way. Its owner keeps it where it is until it has ended: by forget(), or by a reply or a failure,
  // when that call has returned.
  struct Question {
    std::uint16_t id() const { return static_cast<std::uint16_t>(octets[0] << 8 | octets[1]); }
    std::vector<std::uint8_t> octets;  // as it goes out, its id in front

   private:
    friend class UdpPorts;
    Port* port = nullptr;  // it left from; null: not yet, or ended
  };

  // Whom the ports serve; all calls on the loop, never from inside a call of ours but flush(). Must not call back.
  class Owner {
   public:
    virtual ~Owner() = default;
    // A datagram with this question's id came to its port. True: it is the reply, and the question has ended.
    virtual bool replied(Question& question, std::span<const std::uint8_t> datagram) = 0;
    // Ended: Unreachable or Busy.
    virtual void failed(Question& question, Failure failure) = 0;
    // Some of them were called in this turn. May do everything, destroy the ports too.
    virtual void turn_ended() = 0;
  };

  // `entropy` and `counters` outlive the ports.
  UdpPorts(boost::asio::io_context& loop, const config::Endpoint& server, Owner& owner, Entropy& entropy,
           stats::WorkerCounters& counters);
  ~UdpPorts();
  UdpPorts(const UdpPorts&) = delete;
  UdpPorts& operator=(const UdpPorts&) = delete;

  // Leaves at the turn's end. Ids are unique among the questions that have not ended.
  void send(Question& question);
  // Nobody waits for it any more.
  void forget(Question& question);
  // Closes all; nothing is called any more.
  void close();

  std::size_t open() const { return ports_.size() - closed_.size(); }

  static constexpr std::size_t kMostPorts = 256;
  static constexpr std::size_t kQuestionsPerPort = 32;

 private:
  // A question that left from a port, and what became of it.
  struct Sent {
    std::uint16_t id;
    Question* question;  // null: ended, by what came
  };
  struct Port {
    int descriptor = -1;
    std::uint32_t idle_since = 0;  // in ticks
    std::size_t waiting = 0;       // questions that have not ended
    std::vector<Sent> sent;        // from this port number
  };
  struct Inbox;
  struct Loop;

  void flush();
  void send_batch(std::span<Question* const> batch);
  void fail(std::span<Question* const> batch, Failure failure);
  void end_turn_later();
  Port* port_for_a_batch(Failure& failure);
  Port* idle_port(bool in_need);  // else only one that has lingered long enough; null: none
  Port* open_port();              // null: errno says why
  bool move(Port& port);          // to another port number; false: closed
  bool connect(Port& port);       // false: errno says why
  Port& random_busy_port();
  void close(Port& port);
  void rest_if_idle(Port& port);

  bool listen();  // for what the ports have; false: errno says why
  void wait();
  void receive();
  bool receive(Port& port);  // false: there was nothing
  void take(Port& port, std::span<const std::uint8_t> datagram);
  void unreachable(Port& port);
  void watch_the_clock();
  void tick();

  boost::asio::io_context& loop_;
  const boost::asio::ip::udp::endpoint server_;  // with its scope, which c-ares does not know
  Owner& owner_;
  Entropy& entropy_;
  stats::WorkerCounters& counters_;
  std::vector<Question*> queue_;  // to be sent at the turn's end
  std::deque<Port> ports_;        // epoll points to them
  std::vector<Port*> closed_;
  std::deque<Port*> idle_;        // in the order in which their last questions ended
  std::unique_ptr<Inbox> inbox_;  // of the size of a batch; there when the first port is
  std::shared_ptr<Loop> events_;  // null: no port yet, or closed. What waits holds it weakly
  std::uint32_t now_ = 0;         // in ticks
  bool clock_runs_ = false;
};

}  // namespace meridian::upstream
