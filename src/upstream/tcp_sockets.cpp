#include "upstream/tcp_sockets.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cerrno>
#include <utility>

namespace meridian::upstream {

namespace {

constexpr unsigned kUnacknowledgedMs = 2000;  // TCP_USER_TIMEOUT: longer than any question's budget is no use

}  // namespace

// Asio owns the descriptor: closing it takes it out of epoll first.
struct TcpSockets::Descriptor {
  Descriptor(boost::asio::io_context& loop, int fd) : stream(loop), number(fd) {}
  boost::asio::posix::stream_descriptor stream;
  const int number;
  bool reads = false, writes = false;                  // what is wanted
  bool waits_to_read = false, waits_to_write = false;  // what Asio waits for
  bool ended = false;                                  // by us: nothing more is read
};

TcpSockets::TcpSockets(boost::asio::io_context& loop, const config::Endpoint& server, Owner& owner,
                       stats::WorkerCounters& counters)
    : loop_(loop), server_(server.address, server.port), owner_(owner), counters_(counters) {}

TcpSockets::~TcpSockets() = default;

void TcpSockets::watch(int number, bool readable, bool writable) {
  const auto found = open_.find(number);
  if (found == open_.end()) return;
  const auto descriptor = found->second;
  descriptor->reads = readable;
  descriptor->writes = writable;
  if (readable) wait(descriptor, true);
  if (writable) wait(descriptor, false);
}

void TcpSockets::wait(const std::shared_ptr<Descriptor>& descriptor, bool readable) {
  using boost::asio::posix::stream_descriptor;
  if (std::exchange(readable ? descriptor->waits_to_read : descriptor->waits_to_write, true)) return;
  descriptor->stream.async_wait(readable ? stream_descriptor::wait_read : stream_descriptor::wait_write,
                                [this, readable, weak = std::weak_ptr(descriptor)](boost::system::error_code error) {
                                  const auto open =
                                      weak.lock();  // null: closed, and its number may be another's by now
                                  if (error || !open) return;
                                  (readable ? open->waits_to_read : open->waits_to_write) = false;
                                  const bool& wanted = readable ? open->reads : open->writes;
                                  if (wanted) owner_.ready(open->number, readable);
                                  if (wanted && open->stream.is_open())
                                    wait(open, readable);  // closed: perhaps there is no `this` either
                                });
}

std::vector<int> TcpSockets::closed() const {
  std::vector<int> all;
  for (const auto& [number, descriptor] : open_) {
    std::uint8_t octet;
    const auto got = ::recv(number, &octet, sizeof octet, MSG_PEEK);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) all.push_back(number);
  }
  return all;
}

std::vector<int> TcpSockets::end() {
  std::vector<int> all;
  for (const auto& [number, descriptor] : open_) {
    descriptor->ended = true;
    all.push_back(number);
  }
  return all;
}

int TcpSockets::open(int family, int type, int protocol) {
  counters_.upstream_connections.add();
  const int number = ::socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
  if (number < 0) {
    note_errno();
    return -1;
  }
  const int on = 1;
  ::setsockopt(number, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  // A connection stays as long as questions keep coming, so one whose other end is gone must end by itself.
  ::setsockopt(number, IPPROTO_TCP, TCP_USER_TIMEOUT, &kUnacknowledgedMs, sizeof kUnacknowledgedMs);
  const auto descriptor = std::make_shared<Descriptor>(loop_, number);
  boost::system::error_code error;
  descriptor->stream.assign(number, error);  // epoll may have no room: who calls is C, and can't be thrown at
  if (error) {
    ::close(number);
    errno = error.value();
    note_errno();
    return -1;
  }
  open_.emplace(number, descriptor);
  return number;
}

void TcpSockets::close(int number) {
  const auto closed = open_.extract(number);
  boost::system::error_code ignored;
  if (closed) closed.mapped()->stream.close(ignored);
}

int TcpSockets::connect(int number) {
  const int result = ::connect(number, server_.data(), static_cast<socklen_t>(server_.size()));
  if (result < 0) note_errno();
  return result;
}

std::ptrdiff_t TcpSockets::receive(int number, std::span<std::uint8_t> into) {
  const auto descriptor = open_.find(number);
  if (descriptor != open_.end() && descriptor->second->ended) return 0;
  for (;;) {
    const auto got = ::recv(number, into.data(), into.size(), 0);
    if (got >= 0 || errno != EINTR) return got;
  }
}

std::ptrdiff_t TcpSockets::send(int number, const iovec* parts, int count) {
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(parts);
  message.msg_iovlen = static_cast<std::size_t>(count);
  const auto sent = ::sendmsg(number, &message, MSG_NOSIGNAL);  // a plain writev would raise SIGPIPE
  if (sent < 0) note_errno();
  return sent;
}

bool TcpSockets::starved() {
  return std::exchange(starved_, false);
}

void TcpSockets::note_errno() {
  constexpr int kOurs[] = {EMFILE, ENFILE, ENOMEM, ENOSPC, ENOBUFS, EADDRNOTAVAIL};  // ENOSPC: epoll's watches
  starved_ = starved_ || std::find(std::begin(kOurs), std::end(kOurs), errno) != std::end(kOurs);
}

}  // namespace meridian::upstream
