#include "upstream/ares_channel.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <cstring>
#include <deque>
#include <optional>
#include <unordered_map>
#include <utility>

#include <meridian/dns/types.hpp>

#include "upstream/ares_setup.hpp"
#include "upstream/tcp_sockets.hpp"
#include "upstream/udp_ports.hpp"

namespace meridian::upstream {

namespace {

using Octets = std::vector<std::uint8_t>;

constexpr ares_socket_t kNoSocket = 1;  // what c-ares takes for its UDP socket; it is only ever handed to us

Failure failure_of(int status) {
  switch (status) {
    case ARES_ETIMEOUT:
      return Failure::TimedOut;
    case ARES_ENOMEM:
      return Failure::Busy;
    default:
      return Failure::Unreachable;
  }
}

}  // namespace

class AresChannel::Core : public std::enable_shared_from_this<Core>,
                          private UdpPorts::Owner,
                          private TcpSockets::Owner {
 public:
  Core(boost::asio::io_context& loop, const config::Endpoint& server, Transport transport,
       std::chrono::milliseconds patience, Entropy& entropy, stats::WorkerCounters& counters,
       std::chrono::milliseconds idle)
      : loop_(loop),
        timer_(loop),
        idle_timer_(loop),
        server_(server.address, server.port),
        transport_(transport),
        patience_(patience),
        idle_(idle),
        entropy_(entropy),
        ports_(loop, server, *this, entropy, counters),
        connections_(loop, server, *this, counters) {
    channel_ = open_ares({server, transport, patience, this, &on_interest, over_tcp() ? &kTcpCalls : &kUdpCalls});
  }
  ~Core() override { close(); }

  void close() {
    closed_ = true;
    ready_.clear();
    timer_.cancel();
    idle_timer_.cancel();
    ports_.close();
    if (channel_) ::ares_destroy(std::exchange(channel_, nullptr));  // never from inside c-ares: see deliver()
    waiting_.clear();
  }

  std::uint16_t send(Octets& query, std::shared_ptr<Listener> listener) {
    if (waiting_.size() >= kMostInFlight) {
      finish({std::move(listener), {}, Failure::Busy});
      return 0;
    }
    if (over_tcp() && waiting_.empty()) show_the_end(connections_.closed());
    std::uint16_t id = entropy_.u16();
    while (waiting_.contains(id)) id = entropy_.u16();
    query[0] = static_cast<std::uint8_t>(id >> 8);
    query[1] = static_cast<std::uint8_t>(id & 0xff);
    auto& waiting = waiting_[id];
    waiting.core = this;
    waiting.listener = std::move(listener);
    waiting.octets = query;
    leaving_ = &waiting;
    ::ares_send(channel_, query.data(), static_cast<int>(query.size()), &on_end, &waiting);
    leaving_ = nullptr;
    watch_the_clock();
    return id;
  }

  std::size_t in_flight() const { return waiting_.size(); }

 private:
  struct Waiting : UdpPorts::Question {
    Core* core = nullptr;
    std::array<std::uint8_t, 2> number{};  // the id that c-ares has given it: 1.18.1 takes ours, 1.34 has its own
    std::shared_ptr<Listener> listener;
    std::optional<Failure> failure;  // it has ended so, or ...
    Octets reply;                    // ... with this; c-ares has yet to hear that it has ended
  };
  struct Ended {
    std::shared_ptr<Listener> listener;
    Octets octets;  // empty: it failed
    Failure failure = Failure::TimedOut;
  };

  // ---- c-ares' system calls ----------------------------------------------------------------------------------------

  bool over_tcp() const { return transport_ == Transport::Tcp; }
  static Core& core(void* self) { return *static_cast<Core*>(self); }

  static const ares_socket_functions kTcpCalls;
  static const ares_socket_functions kUdpCalls;

  // One query a call, from inside ares_send.
  std::ptrdiff_t leave(const iovec& query) {
    if (leaving_) {
      auto& waiting = *std::exchange(leaving_, nullptr);
      std::copy_n(static_cast<const std::uint8_t*>(query.iov_base), waiting.number.size(), waiting.number.begin());
      ports_.send(waiting);
    }
    return static_cast<std::ptrdiff_t>(query.iov_len);
  }

  // Tells c-ares of one question that it has ended: by its question and REFUSED, which nobody ever sees. 1.34 takes
  // neither a time-out from that nor anything to keep.
  std::ptrdiff_t next_ended(std::span<std::uint8_t> into, sockaddr* from, ares_socklen_t* from_size) {
    for (; !ended_.empty(); ended_.pop_front()) {
      const auto found = waiting_.find(ended_.front());
      if (found == waiting_.end()) continue;  // its time was over meanwhile
      const auto& waiting = found->second;
      const auto& asked = waiting.octets;
      std::size_t size = dns::kHeaderSize;
      while (asked[size] != 0) size += asked[size] + 1u;
      size += 1 + 4;  // the root, type, class
      std::copy_n(asked.begin(), size, into.begin());
      std::copy(waiting.number.begin(), waiting.number.end(), into.begin());
      into[2] |= 0x80;  // QR
      into[3] = static_cast<std::uint8_t>(dns::Rcode::Refused);
      std::fill(into.begin() + 6, into.begin() + dns::kHeaderSize, std::uint8_t{0});  // no records
      *from_size = std::min(*from_size, static_cast<ares_socklen_t>(server_.size()));
      std::memcpy(from, server_.data(), *from_size);
      ended_.pop_front();
      return static_cast<std::ptrdiff_t>(size);
    }
    errno = EAGAIN;
    return -1;
  }

  // 1.18.1 reads until there is no more, 1.34 once a call; and not at all if nobody waits.
  void tell_ares() {
    for (auto left = SIZE_MAX; !ended_.empty() && ended_.size() < left;) {
      left = ended_.size();
      ::ares_process_fd(channel_, kNoSocket, ARES_SOCKET_BAD);
    }
    ended_.clear();
  }

  // ---- UdpPorts::Owner ---------------------------------------------------------------------------------------------

  bool replied(UdpPorts::Question& question, std::span<const std::uint8_t> datagram) override {
    auto& waiting = static_cast<Waiting&>(question);
    if (!waiting.listener->believes(datagram)) return false;
    waiting.reply.assign(datagram.begin(), datagram.end());
    ended_.push_back(question.id());
    return true;
  }

  void failed(UdpPorts::Question& question, Failure failure) override {
    static_cast<Waiting&>(question).failure = failure;
    ended_.push_back(question.id());
  }

  void turn_ended() override { deliver(); }

  // ---- TcpSockets::Owner -------------------------------------------------------------------------------------------

  void ready(int descriptor, bool readable) override {
    const auto self = shared_from_this();
    ::ares_process_fd(channel_, readable ? descriptor : ARES_SOCKET_BAD, readable ? ARES_SOCKET_BAD : descriptor);
    deliver();
  }

  // ---- c-ares' callbacks: no listener is called from here ----------------------------------------------------------

  static void on_interest(void* self, ares_socket_t descriptor, int readable, int writable) {
    core(self).connections_.watch(descriptor, readable != 0, writable != 0);
  }

  static void on_end(void* argument, int status, int /*timeouts*/, unsigned char* octets, int size) {
    auto& waiting = *static_cast<Waiting*>(argument);
    waiting.core->end(waiting, status, {octets, octets ? static_cast<std::size_t>(size) : 0});
  }

  void end(Waiting& waiting, int status, std::span<const std::uint8_t> octets) {
    if (closed_) return;
    Ended ended{std::move(waiting.listener), std::move(waiting.reply), waiting.failure.value_or(failure_of(status))};
    if (over_tcp())
      end_over_tcp(ended, waiting.id(), status, octets);
    else if (ended.octets.empty() && !waiting.failure)
      ports_.forget(waiting);
    if (leaving_ == &waiting) leaving_ = nullptr;
    waiting_.erase(waiting.id());
    finish(std::move(ended));
    if (over_tcp() && waiting_.empty()) close_when_idle();
  }

  void end_over_tcp(Ended& ended, std::uint16_t id, int status, std::span<const std::uint8_t> octets) {
    if (status == ARES_SUCCESS && octets.size() >= dns::kHeaderSize) {
      ended.octets.assign(octets.begin(), octets.end());
      ended.octets[0] = static_cast<std::uint8_t>(id >> 8);  // 1.34 has seen to an id of its own
      ended.octets[1] = static_cast<std::uint8_t>(id & 0xff);
      if (ended.listener->believes(ended.octets)) return;
      ended.octets.clear();
      ended.failure = Failure::Rejected;
    } else if (ended.failure == Failure::Unreachable && connections_.starved()) {
      ended.failure = Failure::Busy;
    }
  }

  // ---- Listeners are told outside c-ares, and never from inside send() ---------------------------------------------

  void finish(Ended ended) {
    ready_.push_back(std::move(ended));
    if (delivering_ || std::exchange(posted_, true)) return;
    boost::asio::post(loop_, [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->deliver();
    });
  }

  void deliver() {
    if (closed_ || std::exchange(delivering_, true)) return;
    const auto self = shared_from_this();  // a listener may destroy the channel
    posted_ = false;
    tell_ares();
    while (!ready_.empty()) {
      auto ended = std::move(ready_.front());
      ready_.pop_front();
      if (ended.octets.empty())
        ended.listener->failed(ended.failure);
      else
        ended.listener->replied(std::move(ended.octets));
    }
    delivering_ = false;
  }

  // ---- Time --------------------------------------------------------------------------------------------------------

  // c-ares' time-outs all have one length and serve to forget questions, so one coarse timer does; ares_timeout() walks
  // every question in flight and is not for each send.
  void watch_the_clock() {
    if (waiting_.empty() || std::exchange(clock_runs_, true)) return;
    timer_.expires_after(patience_ / 2);
    timer_.async_wait([weak = weak_from_this()](boost::system::error_code error) {
      const auto self = weak.lock();
      if (error || !self || self->closed_) return;
      self->clock_runs_ = false;
      ::ares_process_fd(self->channel_, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
      self->watch_the_clock();
      self->deliver();
    });
  }

  void close_when_idle() {
    idle_timer_.expires_after(idle_);
    idle_timer_.async_wait([weak = weak_from_this()](boost::system::error_code error) {
      const auto self = weak.lock();
      if (!error && self && !self->closed_ && self->waiting_.empty()) self->show_the_end(self->connections_.end());
    });
  }

  void show_the_end(const std::vector<int>& connections) {
    for (const int connection : connections) ::ares_process_fd(channel_, connection, ARES_SOCKET_BAD);
  }

  boost::asio::io_context& loop_;
  boost::asio::steady_timer timer_;
  boost::asio::steady_timer idle_timer_;
  const boost::asio::ip::udp::endpoint server_;
  const Transport transport_;
  const std::chrono::milliseconds patience_;
  const std::chrono::milliseconds idle_;
  Entropy& entropy_;
  std::unordered_map<std::uint16_t, Waiting> waiting_;  // by id; c-ares and the ports hold pointers to the values
  std::deque<std::uint16_t> ended_;                     // what c-ares has yet to hear of
  std::deque<Ended> ready_;
  UdpPorts ports_;
  TcpSockets connections_;
  ares_channel channel_ = nullptr;  // last, so that its end finds the rest
  Waiting* leaving_ = nullptr;      // what ares_send has in its hands now
  bool closed_ = false;
  bool delivering_ = false;
  bool posted_ = false;  // deliver() stands in the loop
  bool clock_runs_ = false;
};

const ares_socket_functions AresChannel::Core::kTcpCalls = {
    [](int family, int type, int protocol, void* self) { return core(self).connections_.open(family, type, protocol); },
    [](ares_socket_t descriptor, void* self) {
      core(self).connections_.close(descriptor);
      return 0;
    },
    [](ares_socket_t descriptor, const sockaddr*, ares_socklen_t, void* self) {
      return core(self).connections_.connect(descriptor);
    },
    [](ares_socket_t descriptor, void* into, size_t size, int, sockaddr*, ares_socklen_t*, void* self) {
      return core(self).connections_.receive(descriptor, {static_cast<std::uint8_t*>(into), size});
    },
    [](ares_socket_t descriptor, const iovec* parts, int count, void* self) {
      return core(self).connections_.send(descriptor, parts, count);
    },
};

const ares_socket_functions AresChannel::Core::kUdpCalls = {
    [](int, int, int, void*) { return kNoSocket; },
    [](ares_socket_t, void*) { return 0; },
    [](ares_socket_t, const sockaddr*, ares_socklen_t, void*) { return 0; },
    [](ares_socket_t, void* into, size_t size, int, sockaddr* from, ares_socklen_t* from_size, void* self) {
      return core(self).next_ended({static_cast<std::uint8_t*>(into), size}, from, from_size);
    },
    [](ares_socket_t, const iovec* parts, int, void* self) { return core(self).leave(parts[0]); },
};

AresChannel::AresChannel(boost::asio::io_context& loop, const config::Endpoint& server, Transport transport,
                         std::chrono::milliseconds patience, Entropy& entropy, stats::WorkerCounters& counters,
                         std::chrono::milliseconds idle)
    : core_(std::make_shared<Core>(loop, server, transport, patience, entropy, counters, idle)) {}

AresChannel::~AresChannel() {
  core_->close();
}

std::uint16_t AresChannel::send(std::vector<std::uint8_t>& query, std::shared_ptr<Listener> listener) {
  return core_->send(query, std::move(listener));
}

std::size_t AresChannel::in_flight() const {
  return core_->in_flight();
}

}  // namespace meridian::upstream
