#include "upstream/udp_ports.hpp"

#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <utility>

#include <meridian/dns/types.hpp>

namespace meridian::upstream {

namespace {

constexpr std::size_t kDatagrams = 64;          // that one call reads; then the loop's other work gets in
constexpr std::size_t kLargestDatagram = 4096;  // what is longer arrives cut, and is not believed
constexpr std::size_t kGathered = 64;           // that wait for the turn's end at most
constexpr int kPortsPerTurn = 32;
constexpr std::size_t kRemembered = 256;  // questions of one port, unless more of them wait

// Between one and two ticks pass before a port is taken from an idle socket, so that second answers find it.
constexpr std::chrono::milliseconds kTick{100};
constexpr std::uint32_t kLingers = 2;  // ticks
constexpr std::uint32_t kRests = 20;   // ticks until an idle socket is closed

// Of this machine, not of the server or the way to it.
bool is_lack(int error) {
  constexpr int kLacks[] = {EMFILE, ENFILE, ENOMEM, ENOBUFS, ENOSPC, EAGAIN};
  return std::find(std::begin(kLacks), std::end(kLacks), error) != std::end(kLacks);
}

}  // namespace

struct UdpPorts::Inbox {
  Inbox() : octets(std::make_unique_for_overwrite<std::uint8_t[]>(kDatagrams * kLargestDatagram)) {
    for (std::size_t i = 0; i < kDatagrams; ++i) {
      parts[i] = {octets.get() + i * kLargestDatagram, kLargestDatagram};
      messages[i].msg_hdr.msg_iov = &parts[i];
      messages[i].msg_hdr.msg_iovlen = 1;
    }
  }
  std::unique_ptr<std::uint8_t[]> octets;
  std::array<iovec, kDatagrams> parts{};
  std::array<mmsghdr, kDatagrams> messages{};
};

struct UdpPorts::Loop {
  explicit Loop(boost::asio::io_context& loop) : epoll(loop), clock(loop) {}
  boost::asio::posix::stream_descriptor epoll;
  boost::asio::steady_timer clock;
};

UdpPorts::UdpPorts(boost::asio::io_context& loop, const config::Endpoint& server, Owner& owner, Entropy& entropy,
                   stats::WorkerCounters& counters)
    : loop_(loop),
      server_(server.address, server.port),
      owner_(owner),
      entropy_(entropy),
      counters_(counters),
      events_(std::make_shared<Loop>(loop)) {}

UdpPorts::~UdpPorts() {
  close();
}

void UdpPorts::close() {
  events_.reset();
  queue_.clear();
  idle_.clear();
  closed_.clear();
  for (auto& port : ports_)
    if (port.descriptor >= 0) ::close(port.descriptor);
  ports_.clear();
}

// ---- Out -----------------------------------------------------------------------------------------------------------

void UdpPorts::send(Question& question) {
  queue_.push_back(&question);
  if (queue_.size() == kGathered) return flush();
  if (queue_.size() > 1) return;
  boost::asio::post(loop_, [this, weak = std::weak_ptr(events_)] {
    if (!weak.expired()) flush();
  });
}

void UdpPorts::forget(Question& question) {
  if (question.port) {
    auto& port = *std::exchange(question.port, nullptr);
    std::erase_if(port.sent, [&](const Sent& sent) { return sent.question == &question; });
    --port.waiting;
    rest_if_idle(port);
  } else {
    std::erase(queue_, &question);
  }
}

void UdpPorts::flush() {
  for (std::span<Question* const> left(queue_); !left.empty();) {
    const auto batch = left.first(std::min(left.size(), kQuestionsPerPort));
    send_batch(batch);
    left = left.subspan(batch.size());
  }
  queue_.clear();
}

void UdpPorts::send_batch(std::span<Question* const> batch) {
  Failure failure{};
  Port* const port = port_for_a_batch(failure);
  if (!port) return fail(batch, failure);
  if (port->sent.size() > kRemembered) std::erase_if(port->sent, [](const Sent& sent) { return !sent.question; });

  std::array<iovec, kQuestionsPerPort> parts;
  std::array<mmsghdr, kQuestionsPerPort> messages{};
  for (std::size_t i = 0; i < batch.size(); ++i) {
    parts[i] = {batch[i]->octets.data(), batch[i]->octets.size()};
    messages[i].msg_hdr.msg_iov = &parts[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  bool tried_again = false;
  for (std::size_t done = 0; done < batch.size();) {
    const int sent = ::sendmmsg(port->descriptor, &messages[done], static_cast<unsigned>(batch.size() - done), 0);
    const auto rest = batch.subspan(done);
    for (Question* question : rest.first(static_cast<std::size_t>(std::max(sent, 0)))) {
      question->port = port;
      port->sent.push_back({question->id(), question});
      ++port->waiting;
    }
    if (sent > 0) {
      done += static_cast<std::size_t>(sent);
      tried_again = false;
    } else if (is_lack(errno)) {
      fail(rest, Failure::Busy);
      break;
    } else {
      // The ICMP error of an earlier datagram; by telling us the kernel has forgotten it, so those that wait hear of it
      // from us, and the datagram at hand has not been tried yet.
      unreachable(*port);
      end_turn_later();
      if (!std::exchange(tried_again, true)) continue;
      fail(rest, Failure::Unreachable);
      break;
    }
  }
  rest_if_idle(*port);
}

void UdpPorts::fail(std::span<Question* const> batch, Failure failure) {
  for (Question* question : batch) owner_.failed(*question, failure);
  end_turn_later();
}

// flush() may run inside a call of the owner's.
void UdpPorts::end_turn_later() {
  boost::asio::post(loop_, [this, weak = std::weak_ptr(events_)] {
    if (!weak.expired()) owner_.turn_ended();
  });
}

// ---- Ports ---------------------------------------------------------------------------------------------------------

UdpPorts::Port* UdpPorts::port_for_a_batch(Failure& failure) {
  if (Port* const port = idle_port(open() == kMostPorts)) return port;
  if (open() < kMostPorts) {
    if (Port* const port = open_port()) return port;
    failure = is_lack(errno) ? Failure::Busy : Failure::Unreachable;
    if (failure == Failure::Unreachable) return nullptr;
    if (Port* const port = idle_port(true)) return port;
  }
  return open() > 0 ? &random_busy_port() : nullptr;
}

UdpPorts::Port* UdpPorts::idle_port(bool in_need) {
  while (!idle_.empty() && (in_need || now_ - idle_.front()->idle_since >= kLingers)) {
    auto& port = *idle_.front();
    idle_.pop_front();
    if (move(port)) return &port;
  }
  return nullptr;
}

UdpPorts::Port* UdpPorts::open_port() {
  if (!listen()) return nullptr;
  const int descriptor = ::socket(server_.protocol().family(), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return nullptr;
  if (closed_.empty()) closed_.push_back(&ports_.emplace_back());
  auto& port = *closed_.back();
  closed_.pop_back();
  port.descriptor = descriptor;
  epoll_event event{EPOLLIN, {.ptr = &port}};
  if (connect(port) && ::epoll_ctl(events_->epoll.native_handle(), EPOLL_CTL_ADD, descriptor, &event) == 0)
    return &port;
  const int error = errno;
  close(port);
  errno = error;
  return nullptr;
}

bool UdpPorts::move(Port& port) {
  const sockaddr nowhere{AF_UNSPEC, {}};
  ::connect(port.descriptor, &nowhere, sizeof nowhere);
  while (receive(port)) {  // nothing can come any more; the rest was for the old port
  }
  port.sent.clear();
  if (connect(port)) return true;
  close(port);
  return false;
}

bool UdpPorts::connect(Port& port) {
  if (::connect(port.descriptor, server_.data(), static_cast<socklen_t>(server_.size())) < 0) return false;
  counters_.upstream_ports.add();
  return true;
}

UdpPorts::Port& UdpPorts::random_busy_port() {
  auto skip = entropy_.below(static_cast<std::uint32_t>(open()));
  for (auto& port : ports_)
    if (port.descriptor >= 0 && skip-- == 0) return port;
  return ports_.front();
}

void UdpPorts::close(Port& port) {
  ::close(std::exchange(port.descriptor, -1));
  port.sent.clear();
  closed_.push_back(&port);
}

void UdpPorts::rest_if_idle(Port& port) {
  if (port.waiting > 0) return;
  port.idle_since = now_;
  idle_.push_back(&port);
  watch_the_clock();
}

// ---- In ------------------------------------------------------------------------------------------------------------

bool UdpPorts::listen() {
  if (events_->epoll.is_open()) return true;
  const int descriptor = ::epoll_create1(EPOLL_CLOEXEC);
  if (descriptor < 0) return false;
  boost::system::error_code error;
  events_->epoll.assign(descriptor, error);
  if (error) {
    ::close(descriptor);
    errno = error.value();
    return false;
  }
  inbox_ = std::make_unique<Inbox>();
  wait();
  return true;
}

void UdpPorts::wait() {
  events_->epoll.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                            [this, weak = std::weak_ptr(events_)](boost::system::error_code error) {
                              if (!error && !weak.expired()) receive();
                            });
}

void UdpPorts::receive() {
  const std::weak_ptr alive(events_);
  std::array<epoll_event, kPortsPerTurn> ready;
  const int count = ::epoll_wait(events_->epoll.native_handle(), ready.data(), kPortsPerTurn, 0);
  for (int i = 0; i < count; ++i) {
    auto& port = *static_cast<Port*>(ready[static_cast<std::size_t>(i)].data.ptr);
    const bool was_busy = port.waiting > 0;
    receive(port);
    if (was_busy) rest_if_idle(port);
  }
  owner_.turn_ended();
  if (!alive.expired()) wait();
}

bool UdpPorts::receive(Port& port) {
  const int got = ::recvmmsg(port.descriptor, inbox_->messages.data(), kDatagrams, 0, nullptr);
  if (got < 0 && errno == EAGAIN) return false;
  if (got < 0 && errno != EINTR) unreachable(port);
  for (int i = 0; i < got; ++i) {
    const auto n = static_cast<std::size_t>(i);
    const auto* octets = static_cast<const std::uint8_t*>(inbox_->parts[n].iov_base);
    take(port, {octets, inbox_->messages[n].msg_len});
  }
  return true;
}

void UdpPorts::take(Port& port, std::span<const std::uint8_t> datagram) {
  Sent* sent = nullptr;
  if (datagram.size() >= dns::kHeaderSize) {
    const auto id = static_cast<std::uint16_t>(datagram[0] << 8 | datagram[1]);
    for (auto& one : port.sent)
      if (one.id == id && (!sent || one.question)) sent = &one;
  }
  if (!sent) return counters_.upstream_strays.add();
  if (!sent->question) return counters_.upstream_doubles.add();
  if (!owner_.replied(*sent->question, datagram)) return;
  std::exchange(sent->question, nullptr)->port = nullptr;
  --port.waiting;
}

void UdpPorts::unreachable(Port& port) {
  for (auto& sent : port.sent) {
    if (!sent.question) continue;
    auto& question = *std::exchange(sent.question, nullptr);
    question.port = nullptr;
    owner_.failed(question, Failure::Unreachable);
  }
  port.waiting = 0;
}

void UdpPorts::watch_the_clock() {
  if (idle_.empty() || std::exchange(clock_runs_, true)) return;
  events_->clock.expires_after(kTick);
  events_->clock.async_wait([this, weak = std::weak_ptr(events_)](boost::system::error_code error) {
    if (!error && !weak.expired()) tick();
  });
}

void UdpPorts::tick() {
  clock_runs_ = false;
  ++now_;
  while (!idle_.empty() && now_ - idle_.front()->idle_since >= kRests) {
    close(*idle_.front());
    idle_.pop_front();
  }
  watch_the_clock();
}

}  // namespace meridian::upstream
