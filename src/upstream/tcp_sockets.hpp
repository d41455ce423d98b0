#pragma once
// The TCP connections of one AresChannel, non-blocking and closed on exec: c-ares asks for each system call through
// this unit, so that Asio owns every descriptor, and so that we may end a connection.

#include <sys/socket.h>
#include <sys/uio.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include <meridian/config/config.hpp>
#include <meridian/stats/counters.hpp>

namespace meridian::upstream {

class TcpSockets {
 public:
  // Whom the sockets serve; all calls on the loop.
  class Owner {
   public:
    virtual ~Owner() = default;
    virtual void ready(int descriptor, bool readable) = 0;  // else writable; may destroy the sockets
  };

  // `counters` outlive the sockets.
  TcpSockets(boost::asio::io_context& loop, const config::Endpoint& server, Owner& owner,
             stats::WorkerCounters& counters);
  ~TcpSockets();
  TcpSockets(const TcpSockets&) = delete;
  TcpSockets& operator=(const TcpSockets&) = delete;

  // What we wait for; both false: nothing more.
  void watch(int descriptor, bool readable, bool writable);
  // Those that the server has closed, which c-ares has yet to hear of.
  std::vector<int> closed() const;
  // All, and nothing is read from them any more but their end.
  std::vector<int> end();

  // As the system calls of these names, errno included.
  int open(int family, int type, int protocol);
  void close(int descriptor);
  int connect(int descriptor);  // to the server
  std::ptrdiff_t receive(int descriptor, std::span<std::uint8_t> into);
  std::ptrdiff_t send(int descriptor, const iovec* parts, int count);

  // True if a call has failed since this was asked last for a reason of this machine (descriptors, memory): that is
  // not the server's fault.
  bool starved();

 private:
  struct Descriptor;
  void wait(const std::shared_ptr<Descriptor>& descriptor, bool readable);
  void note_errno();

  boost::asio::io_context& loop_;
  const boost::asio::ip::tcp::endpoint server_;  // with its scope, which c-ares does not know
  Owner& owner_;
  stats::WorkerCounters& counters_;
  std::unordered_map<int, std::shared_ptr<Descriptor>> open_;
  bool starved_ = false;
};

}  // namespace meridian::upstream
