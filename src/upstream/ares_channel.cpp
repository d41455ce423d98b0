#include "upstream/ares_channel.hpp"

#include <ares.h>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <stdexcept>
#include <unordered_map>
#include <utility>

#include <meridian/dns/types.hpp>

#include "upstream/channel_sockets.hpp"

namespace meridian::upstream {

namespace {

using Octets = std::vector<std::uint8_t>;

constexpr std::uint8_t kRcodeMask = 0x0f;  // of the header's fourth octet (RFC 1035, 4.1.1)
constexpr std::uint8_t kFormErr = static_cast<std::uint8_t>(dns::Rcode::FormErr);
constexpr int kLargestDatagram = 4096;  // c-ares' own buffer; what is longer arrives cut, and is not believed
constexpr int kDatagramsPerTurn = 64;   // then the loop's other work gets in

// ares_library_init and its counterpart, once a process.
void require_library() {
  struct Library {
    Library() : status(::ares_library_init(ARES_LIB_INIT_ALL)) {}
    ~Library() { ::ares_library_cleanup(); }
    int status;
  };
  static const Library library;
  if (library.status != ARES_SUCCESS) throw std::runtime_error(::ares_strerror(library.status));
}

// c-ares' system calls, made by our sockets.
constexpr ares_socket_functions kSystemCalls = {
    [](int family, int type, int protocol, void* sockets) {
      return static_cast<ChannelSockets*>(sockets)->open(family, type, protocol);
    },
    [](ares_socket_t descriptor, void* sockets) {
      static_cast<ChannelSockets*>(sockets)->close(descriptor);
      return 0;
    },
    [](ares_socket_t descriptor, const sockaddr*, ares_socklen_t, void* sockets) {
      return static_cast<ChannelSockets*>(sockets)->connect(descriptor);
    },
    [](ares_socket_t descriptor, void* into, size_t size, int, sockaddr* from, ares_socklen_t* from_size,
       void* sockets) {
      const std::span buffer(static_cast<std::uint8_t*>(into), size);
      auto& self = *static_cast<ChannelSockets*>(sockets);
      return from ? self.receive_datagram(descriptor, buffer, from, from_size)
                  : self.receive_stream(descriptor, buffer);
    },
    [](ares_socket_t descriptor, const iovec* parts, int count, void* sockets) {
      return static_cast<ChannelSockets*>(sockets)->send(descriptor, parts, count);
    },
};

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

class AresChannel::Core : public std::enable_shared_from_this<Core>, private ChannelSockets::Owner {
 public:
  Core(boost::asio::io_context& loop, const config::Endpoint& server, Transport transport,
       std::chrono::milliseconds patience, Entropy& entropy)
      : loop_(loop),
        timer_(loop),
        transport_(transport),
        patience_(patience),
        entropy_(entropy),
        sockets_(loop, server, *this) {
    require_library();
    open(server);
  }
  ~Core() override { close(); }

  void close() {
    closed_ = true;
    ready_.clear();
    timer_.cancel();
    if (channel_) ::ares_destroy(std::exchange(channel_, nullptr));  // never from inside c-ares: see deliver()
    waiting_.clear();
  }

  std::uint16_t send(Octets& query, std::shared_ptr<Listener> listener) {
    if (waiting_.size() >= kMostInFlight) {
      finish({std::move(listener), {}, Failure::Busy});
      return 0;
    }
    std::uint16_t id = entropy_.u16();
    while (waiting_.contains(id)) id = entropy_.u16();
    query[0] = static_cast<std::uint8_t>(id >> 8);
    query[1] = static_cast<std::uint8_t>(id & 0xff);
    auto& waiting = waiting_[id];
    waiting = {this, id, std::move(listener)};
    ::ares_send(channel_, query.data(), static_cast<int>(query.size()), &on_end, &waiting);
    watch_the_clock();
    return id;
  }

  std::size_t in_flight() const { return waiting_.size(); }

 private:
  struct Waiting {
    Core* core = nullptr;
    std::uint16_t id = 0;
    std::shared_ptr<Listener> listener;
  };
  struct Ended {
    std::shared_ptr<Listener> listener;
    Octets octets;  // empty: it failed
    Failure failure = Failure::TimedOut;
  };

  void open(const config::Endpoint& server) {
    ares_options options{};
    options.flags =
        ARES_FLAG_IGNTC | ARES_FLAG_NOCHECKRESP | (transport_ == Transport::Tcp ? ARES_FLAG_USEVC : ARES_FLAG_EDNS);
    options.timeout = static_cast<int>(patience_.count());
    options.tries = 1;
    options.ndots = 1;
    options.ednspsz = kLargestDatagram;        // what it may pass on; what we ask servers to keep to stands in our OPT
    options.lookups = const_cast<char*>("b");  // c-ares copies it
    options.sock_state_cb = &on_interest;
    options.sock_state_cb_data = this;
    const int given = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_NDOTS | ARES_OPT_EDNSPSZ |
                      ARES_OPT_SERVERS | ARES_OPT_DOMAINS | ARES_OPT_SORTLIST | ARES_OPT_LOOKUPS | ARES_OPT_NOROTATE |
                      ARES_OPT_SOCK_STATE_CB;
    if (const int status = ::ares_init_options(&channel_, &options, given); status != ARES_SUCCESS)
      throw std::runtime_error(std::string("c-ares: ") + ::ares_strerror(status));
    ::ares_set_socket_functions(channel_, &kSystemCalls, &sockets_);
    set_server(server);
  }

  void set_server(const config::Endpoint& server) {
    ares_addr_port_node node{};
    node.udp_port = node.tcp_port = server.port;
    if (server.address.is_v4()) {
      node.family = AF_INET;
      const auto octets = server.address.to_v4().to_bytes();
      std::copy(octets.begin(), octets.end(), reinterpret_cast<std::uint8_t*>(&node.addr.addr4));
    } else {
      node.family = AF_INET6;
      const auto octets = server.address.to_v6().to_bytes();
      std::copy(octets.begin(), octets.end(), reinterpret_cast<std::uint8_t*>(&node.addr.addr6));
    }
    if (const int status = ::ares_set_servers_ports(channel_, &node); status != ARES_SUCCESS) {
      ::ares_destroy(channel_);
      throw std::runtime_error(std::string("c-ares: ") + ::ares_strerror(status));
    }
  }

  // ChannelSockets::Owner

  void ready(int descriptor, bool readable) override {
    const auto self = shared_from_this();
    datagrams_left_ = kDatagramsPerTurn;
    ::ares_process_fd(channel_, readable ? descriptor : ARES_SOCKET_BAD, readable ? ARES_SOCKET_BAD : descriptor);
    deliver();
  }

  bool wants(std::span<std::uint8_t> datagram) override {
    masked_ = false;
    if (datagram.size() < dns::kHeaderSize) return false;
    const auto found = waiting_.find(static_cast<std::uint16_t>(datagram[0] << 8 | datagram[1]));
    if (found == waiting_.end() || !found->second.listener->believes(datagram)) return false;
    if ((datagram[3] & kRcodeMask) == kFormErr) {
      masked_ = true;  // c-ares ends the question in this very call, and on_end puts the rcode back
      datagram[3] &= static_cast<std::uint8_t>(~kRcodeMask);
    }
    return true;
  }

  bool may_read() override { return datagrams_left_-- > 0; }

  // c-ares' callbacks: no listener is called from here.

  static void on_interest(void* self, ares_socket_t descriptor, int readable, int writable) {
    static_cast<Core*>(self)->sockets_.watch(descriptor, readable != 0, writable != 0);
  }

  static void on_end(void* argument, int status, int /*timeouts*/, unsigned char* octets, int size) {
    auto& waiting = *static_cast<Waiting*>(argument);
    waiting.core->end(waiting, status, {octets, octets ? static_cast<std::size_t>(size) : 0});
  }

  void end(Waiting& waiting, int status, std::span<const std::uint8_t> octets) {
    if (closed_) return;
    Ended ended{std::move(waiting.listener), {}, failure_of(status)};
    if (ended.failure == Failure::Unreachable && sockets_.starved()) ended.failure = Failure::Busy;
    waiting_.erase(waiting.id);
    if (status == ARES_SUCCESS) {
      ended.octets.assign(octets.begin(), octets.end());
      if (masked_) ended.octets[3] |= kFormErr;
      masked_ = false;
      if (transport_ == Transport::Tcp &&
          !ended.listener->believes(ended.octets)) {  // a stream has no way around c-ares
        ended.octets.clear();
        ended.failure = Failure::Rejected;
      }
    }
    finish(std::move(ended));
  }

  // Listeners are told outside c-ares, and never from inside send().

  void finish(Ended ended) {
    ready_.push_back(std::move(ended));
    if (delivering_ || std::exchange(posted_, true)) return;
    boost::asio::post(loop_, [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->deliver();
    });
  }

  void deliver() {
    if (std::exchange(delivering_, true)) return;
    const auto self = shared_from_this();  // a listener may destroy the channel
    posted_ = false;
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

  boost::asio::io_context& loop_;
  boost::asio::steady_timer timer_;
  const Transport transport_;
  const std::chrono::milliseconds patience_;
  Entropy& entropy_;
  std::unordered_map<std::uint16_t, Waiting> waiting_;  // by id; c-ares holds pointers to the values
  std::deque<Ended> ready_;
  ChannelSockets sockets_;
  ares_channel channel_ = nullptr;
  int datagrams_left_ = 0;
  bool masked_ = false;  // the datagram that c-ares has now is a FORMERR
  bool closed_ = false;
  bool delivering_ = false;
  bool posted_ = false;  // deliver() stands in the loop
  bool clock_runs_ = false;
};

AresChannel::AresChannel(boost::asio::io_context& loop, const config::Endpoint& server, Transport transport,
                         std::chrono::milliseconds patience, Entropy& entropy)
    : core_(std::make_shared<Core>(loop, server, transport, patience, entropy)) {}

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
