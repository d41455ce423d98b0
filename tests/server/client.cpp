#include "server/client.hpp"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <cctype>
#include <cerrno>
#include <system_error>

#include "server/socket_address.hpp"
#include "server/sockets.hpp"

namespace meridian::test {

namespace {

constexpr std::chrono::seconds kPatience{10};

server::Descriptor open_socket(const boost::asio::ip::address& address, int type) {
  server::Descriptor socket{::socket(address.is_v4() ? AF_INET : AF_INET6, type | SOCK_CLOEXEC, 0)};
  const timeval patience{kPatience.count(), 0};
  ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  return socket;
}

}  // namespace

UdpClient::UdpClient(std::string_view address)
    : socket_(open_socket(boost::asio::ip::make_address(address), SOCK_DGRAM)) {
  const int size = 4 << 20;
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  const auto local = server::to_socket_address({boost::asio::ip::make_address(address), 0});
  if (::bind(socket_.get(), local.get(), local.size) != 0)
    throw std::system_error(errno, std::generic_category(), "bind");
}

void UdpClient::send(const config::Endpoint& to, const Octets& message) {
  const auto address = server::to_socket_address(to);
  ::sendto(socket_.get(), message.data(), message.size(), 0, address.get(), address.size);
}

Octets UdpClient::receive() {
  Octets out(65536);
  sockaddr_storage from{};
  socklen_t size = sizeof from;
  const auto count = ::recvfrom(socket_.get(), out.data(), out.size(), 0, reinterpret_cast<sockaddr*>(&from), &size);
  out.resize(count < 0 ? 0 : static_cast<std::size_t>(count));
  if (count >= 0) sender_ = server::to_endpoint(from);
  return out;
}

config::Endpoint UdpClient::local() const {
  return server::local_endpoint(socket_.get());
}

std::string UdpClient::ask(const config::Endpoint& server, std::string_view name, std::uint16_t type) {
  send(server, query_for(name, type, ++id_));
  const auto reply = receive();
  return id_of(reply) == id_ ? summary(reply) : "no reply with our id";
}

TcpClient::TcpClient(const config::Endpoint& server, int receive_buffer)
    : socket_(open_socket(server.address, SOCK_STREAM)) {
  if (receive_buffer) ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
  const auto address = server::to_socket_address(server);
  if (::connect(socket_.get(), address.get(), address.size) != 0)
    throw std::system_error(errno, std::generic_category(), "connect");
}

bool TcpClient::send(const Octets& octets) {
  for (std::size_t at = 0; at < octets.size();) {
    const auto count = ::send(socket_.get(), octets.data() + at, octets.size() - at, MSG_NOSIGNAL);
    if (count <= 0) return false;
    at += static_cast<std::size_t>(count);
  }
  return true;
}

std::size_t TcpClient::send_some(const Octets& octets) {
  pollfd writable{socket_.get(), POLLOUT, 0};
  if (::poll(&writable, 1, 500) <= 0) return 0;
  const auto count = ::send(socket_.get(), octets.data(), octets.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  return count < 0 ? 0 : static_cast<std::size_t>(count);
}

Octets TcpClient::receive() {
  std::uint8_t length[2];
  if (::recv(socket_.get(), length, sizeof length, MSG_WAITALL) != sizeof length) return {};
  Octets out(static_cast<std::size_t>(length[0] << 8 | length[1]));
  const auto count = ::recv(socket_.get(), out.data(), out.size(), MSG_WAITALL);
  return count == static_cast<ssize_t>(out.size()) ? out : Octets{};
}

std::string TcpClient::ask(std::string_view name, std::uint16_t id) {
  if (!send(framed(query_for(name, kA, id)))) return "closed";
  const auto reply = receive();
  return id_of(reply) == id ? summary(reply) : "no reply with our id";
}

bool TcpClient::ended() {
  std::uint8_t octet;
  const auto count = ::recv(socket_.get(), &octet, 1, 0);
  return count == 0 || (count < 0 && errno == ECONNRESET);
}

bool TcpClient::ends_within(std::chrono::milliseconds time) {
  pollfd readable{socket_.get(), POLLIN, 0};
  return ::poll(&readable, 1, static_cast<int>(time.count())) > 0 && ended();
}

void TcpClient::half_close() {
  ::shutdown(socket_.get(), SHUT_WR);
}

void TcpClient::reset() {
  const linger now{1, 0};
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
  socket_ = {};
}

std::optional<FakeUpstream::Question> FakeUpstream::asked(std::string_view name) {
  const auto same = [](char a, char b) { return std::tolower(a) == std::tolower(b); };
  for (;;) {
    auto octets = socket_.receive();
    if (octets.empty()) return std::nullopt;
    const auto found = question_of(octets);
    if (std::equal(found.begin(), found.end(), name.begin(), name.end(), same))
      return Question{std::move(octets), socket_.sender()};
  }
}

void FakeUpstream::answer(const Question& question, std::string_view address) {
  socket_.send(question.asker, answer_to(question.octets, address));
}

}  // namespace meridian::test
