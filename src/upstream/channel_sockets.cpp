#include "upstream/channel_sockets.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <algorithm>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <cstring>
#include <utility>

namespace meridian::upstream {

namespace {

constexpr unsigned kUnacknowledgedMs = 2000;  // TCP_USER_TIMEOUT: longer than any question's budget is no use

}  // namespace

// Asio owns the descriptor: closing it takes it out of epoll first.
struct ChannelSockets::Descriptor {
  Descriptor(boost::asio::io_context& loop, int fd, int type)
      : stream(loop, fd), number(fd), datagrams(type == SOCK_DGRAM) {}
  boost::asio::posix::stream_descriptor stream;
  const int number;
  const bool datagrams;
  bool reads = false, writes = false;                  // what is wanted
  bool waits_to_read = false, waits_to_write = false;  // what Asio waits for
  bool refused = false;                                // an ICMP error came out of send(), where nobody waits for it
};

ChannelSockets::ChannelSockets(boost::asio::io_context& loop, const config::Endpoint& server, Owner& owner)
    : loop_(loop), server_(server.address, server.port), owner_(owner) {}

ChannelSockets::~ChannelSockets() = default;

void ChannelSockets::watch(int number, bool readable, bool writable) {
  const auto found = open_.find(number);
  if (found == open_.end()) return;
  const auto descriptor = found->second;
  descriptor->reads = readable;
  descriptor->writes = writable;
  if (readable) wait(descriptor, true);
  if (writable) wait(descriptor, false);
}

void ChannelSockets::wait(const std::shared_ptr<Descriptor>& descriptor, bool readable) {
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

int ChannelSockets::open(int family, int type, int protocol) {
  const int number = ::socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
  if (number < 0) {
    note_errno();
    return -1;
  }
  if (type == SOCK_STREAM) {
    const int on = 1;
    ::setsockopt(number, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    // A connection stays as long as questions keep coming, so one whose other end is gone must end by itself.
    ::setsockopt(number, IPPROTO_TCP, TCP_USER_TIMEOUT, &kUnacknowledgedMs, sizeof kUnacknowledgedMs);
  }
  open_.emplace(number, std::make_shared<Descriptor>(loop_, number, type));
  return number;
}

void ChannelSockets::close(int number) {
  const auto closed = open_.extract(number);
  boost::system::error_code ignored;
  if (closed) closed.mapped()->stream.close(ignored);
}

int ChannelSockets::connect(int number) {
  const int result = ::connect(number, server_.data(), static_cast<socklen_t>(server_.size()));
  if (result < 0) note_errno();
  return result;
}

std::ptrdiff_t ChannelSockets::receive_datagram(int number, std::span<std::uint8_t> into, sockaddr* from,
                                                socklen_t* from_size) {
  const auto descriptor = open_.find(number);
  if (descriptor != open_.end() && std::exchange(descriptor->second->refused, false)) {
    errno = ECONNREFUSED;
    return -1;
  }
  while (owner_.may_read()) {
    const auto got = ::recv(number, into.data(), into.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return -1;
    if (!owner_.wants(into.first(static_cast<std::size_t>(got)))) continue;
    // The socket is connected: the kernel lets nothing through but what came from the server's address and port.
    *from_size = std::min(*from_size, static_cast<socklen_t>(server_.size()));
    std::memcpy(from, server_.data(), *from_size);
    return got;
  }
  errno = EAGAIN;
  return -1;
}

std::ptrdiff_t ChannelSockets::receive_stream(int number, std::span<std::uint8_t> into) {
  return ::recv(number, into.data(), into.size(), 0);
}

std::ptrdiff_t ChannelSockets::send(int number, const iovec* parts, int count) {
  const auto sent = send_once(number, parts, count);
  if (sent >= 0 || errno != ECONNREFUSED) return sent;
  const auto found = open_.find(number);
  if (found == open_.end() || !found->second->datagrams) return sent;
  // The ICMP error of an earlier datagram, and by telling us the kernel has forgotten it: those who wait for replies
  // hear of it from us, and the datagram at hand has not been tried yet.
  report_refused(found->second);
  return send_once(number, parts, count);
}

std::ptrdiff_t ChannelSockets::send_once(int number, const iovec* parts, int count) {
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(parts);
  message.msg_iovlen = static_cast<std::size_t>(count);
  const auto sent = ::sendmsg(number, &message, MSG_NOSIGNAL);  // a plain writev would raise SIGPIPE
  if (sent < 0) note_errno();
  return sent;
}

void ChannelSockets::report_refused(const std::shared_ptr<Descriptor>& descriptor) {
  if (std::exchange(descriptor->refused, true)) return;
  boost::asio::post(loop_, [this, weak = std::weak_ptr(descriptor)] {
    const auto open = weak.lock();  // null: closed, and its questions have ended
    if (open && open->refused) owner_.ready(open->number, true);
  });
}

bool ChannelSockets::starved() {
  return std::exchange(starved_, false);
}

void ChannelSockets::note_errno() {
  constexpr int kOurs[] = {EMFILE, ENFILE, ENOMEM, ENOBUFS, EAGAIN, EADDRNOTAVAIL};
  starved_ = starved_ || std::find(std::begin(kOurs), std::end(kOurs), errno) != std::end(kOurs);
}

}  // namespace meridian::upstream
