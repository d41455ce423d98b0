#pragma once
// The sockets of one AresChannel, non-blocking and closed on exec: c-ares asks for each system call through this unit,
// so that we see every datagram before it does, and so that Asio owns every descriptor.

#include <sys/socket.h>
#include <sys/uio.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <unordered_map>

#include <meridian/config/config.hpp>

namespace meridian::upstream {

class ChannelSockets {
 public:
  // Whom the sockets serve; all calls on the loop.
  class Owner {
   public:
    virtual ~Owner() = default;
    virtual void ready(int descriptor, bool readable) = 0;     // else writable; may destroy the sockets
    virtual bool wants(std::span<std::uint8_t> datagram) = 0;  // false: as if it had never come
    virtual bool may_read() = 0;                               // false: the rest of the loop has its turn first
  };

  ChannelSockets(boost::asio::io_context& loop, const config::Endpoint& server, Owner& owner);
  ~ChannelSockets();
  ChannelSockets(const ChannelSockets&) = delete;
  ChannelSockets& operator=(const ChannelSockets&) = delete;

  // What we wait for; both false: nothing more.
  void watch(int descriptor, bool readable, bool writable);

  // As the system calls of these names, errno included.
  int open(int family, int type, int protocol);
  void close(int descriptor);
  int connect(int descriptor);  // to the server
  // One datagram that the owner wants; `from` gets the server's address.
  std::ptrdiff_t receive_datagram(int descriptor, std::span<std::uint8_t> into, sockaddr* from, socklen_t* from_size);
  std::ptrdiff_t receive_stream(int descriptor, std::span<std::uint8_t> into);
  std::ptrdiff_t send(int descriptor, const iovec* parts, int count);

  // True if a call has failed since this was asked last for a reason of this machine (descriptors, memory): that is
  // not the server's fault.
  bool starved();

 private:
  struct Descriptor;
  void wait(const std::shared_ptr<Descriptor>& descriptor, bool readable);
  std::ptrdiff_t send_once(int descriptor, const iovec* parts, int count);
  void report_refused(const std::shared_ptr<Descriptor>& descriptor);
  void note_errno();

  boost::asio::io_context& loop_;
  const boost::asio::ip::udp::endpoint server_;  // with its scope, which c-ares does not know
  Owner& owner_;
  std::unordered_map<int, std::shared_ptr<Descriptor>> open_;
  bool starved_ = false;
};

}  // namespace meridian::upstream
