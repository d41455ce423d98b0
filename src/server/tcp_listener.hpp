#pragma once
// One listening TCP socket of one worker: the accept loop.

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "server/descriptor.hpp"
#include "server/tcp_front_end.hpp"

namespace meridian::server {

// Every call on `loop`.
class TcpListener {
 public:
  // The socket listens already; `front` outlives the listener.
  TcpListener(boost::asio::io_context& loop, Descriptor socket, TcpFrontEnd& front);
  TcpListener(const TcpListener&) = delete;
  TcpListener& operator=(const TcpListener&) = delete;

  void start() { wait_readable(); }
  // Takes the connections that are established already, then no more.
  void stop();

 private:
  enum class Accepted { Some, All, OutOfDescriptors };

  void wait_readable();
  void accept();
  Accepted accept_some();
  void pause();

  boost::asio::io_context& loop_;
  boost::asio::posix::stream_descriptor socket_;
  boost::asio::steady_timer pause_;
  TcpFrontEnd& front_;
};

}  // namespace meridian::server
