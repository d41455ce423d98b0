#pragma once
// Clients and upstreams for tests: blocking sockets on loopback that give up after ten seconds.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include <meridian/config/config.hpp>
#include "server/descriptor.hpp"
#include "server/wire.hpp"

namespace meridian::test {

class UdpClient {
 public:
  explicit UdpClient(std::string_view address = "127.0.0.1");

  void send(const config::Endpoint& to, const Octets& message);
  // Empty if nothing came in time.
  Octets receive();
  // What the last message came from.
  const config::Endpoint& sender() const { return sender_; }
  config::Endpoint local() const;
  std::string ask(const config::Endpoint& server, std::string_view name, std::uint16_t type = kA);

 private:
  server::Descriptor socket_;
  config::Endpoint sender_;
  std::uint16_t id_ = 100;
};

class TcpClient {
 public:
  explicit TcpClient(const config::Endpoint& server, int receive_buffer = 0);

  // False if the server has closed the connection.
  bool send(const Octets& octets);
  // As much as fits without waiting; 0 if nothing does for half a second.
  std::size_t send_some(const Octets& octets);
  // One message without its length; empty if the connection has ended, or nothing came in time.
  Octets receive();
  std::string ask(std::string_view name, std::uint16_t id = 1);
  // True if the connection has ended, or ends before the deadline, without another octet.
  bool ended();
  // Whether it ends within this time.
  bool ends_within(std::chrono::milliseconds time);
  void half_close();
  void reset();  // RST instead of FIN

 private:
  server::Descriptor socket_;
};

// An upstream whose answers are the test's own.
class FakeUpstream {
 public:
  struct Question {
    Octets octets;
    config::Endpoint asker;
  };

  config::Endpoint endpoint() const { return socket_.local(); }
  // Waits for the question `name`, in any spelling; what else comes is ignored. Nothing if it didn't come in time.
  std::optional<Question> asked(std::string_view name);
  void answer(const Question& question, std::string_view address);

 private:
  UdpClient socket_;
};

}  // namespace meridian::test
