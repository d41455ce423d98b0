#include "server/tcp_listener.hpp"

#include <sys/socket.h>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <chrono>

namespace meridian::server {

namespace asio = boost::asio;

namespace {

constexpr int kAcceptsPerTurn = 64;
constexpr std::chrono::milliseconds kPause{100};

}  // namespace

TcpListener::TcpListener(asio::io_context& loop, Descriptor socket, TcpFrontEnd& front)
    : loop_(loop), socket_(loop), pause_(loop), front_(front) {
  socket_.assign(socket.get());
  socket.release();
}

void TcpListener::wait_readable() {
  socket_.async_wait(asio::posix::descriptor_base::wait_read, [this](const boost::system::error_code& error) {
    if (!error) accept();
  });
}

void TcpListener::accept() {
  if (!socket_.is_open()) return;
  switch (accept_some()) {
    case Accepted::Some:
      return asio::post(loop_, [this] { accept(); });
    case Accepted::All:
      return wait_readable();
    case Accepted::OutOfDescriptors:
      return pause();
  }
}

void TcpListener::stop() {
  if (!socket_.is_open()) return;
  accept_some();
  pause_.cancel();
  socket_.close();
}

TcpListener::Accepted TcpListener::accept_some() {
  for (int i = 0; i < kAcceptsPerTurn; ++i) {
    sockaddr_storage peer{};
    socklen_t size = sizeof peer;
    Descriptor connection{
        ::accept4(socket_.native_handle(), reinterpret_cast<sockaddr*>(&peer), &size, SOCK_NONBLOCK | SOCK_CLOEXEC)};
    if (connection) {
      front_.open(std::move(connection), peer);
      continue;
    }
    switch (errno) {
      case EAGAIN:
        return Accepted::All;
      case EMFILE:
      case ENFILE:
      case ENOBUFS:
      case ENOMEM:
        return Accepted::OutOfDescriptors;
      default:
        break;  // that connection's own trouble (accept(2)): it is gone, the next may be well
    }
  }
  return Accepted::Some;
}

// The connection that we can't take stays in the queue and the socket readable: to try again at once would burn a CPU
// until somebody hangs up. UDP goes on meanwhile.
void TcpListener::pause() {
  front_.counters().tcp_accept_pauses.add();
  pause_.expires_after(kPause);
  pause_.async_wait([this](const boost::system::error_code& error) {
    if (!error) accept();
  });
}

}  // namespace meridian::server
