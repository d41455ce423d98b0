#include "upstream/tls_connection.hpp"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace meridian::upstream {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr unsigned kUnacknowledgedMs = 2000;  // TCP_USER_TIMEOUT: longer than any question's budget is no use
constexpr std::size_t kLength = 2;            // octets of the length in front of a message
constexpr std::size_t kRead = 4096;           // room for a read, at least; grows to a message of 65,535 octets

// Closed on exec, which Asio's own are not: exec plugins are our children.
int open_socket(const config::Endpoint& server) {
  const int number =
      ::socket(server.address.is_v4() ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (number < 0) return number;
  const int on = 1;
  ::setsockopt(number, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::setsockopt(number, IPPROTO_TCP, TCP_USER_TIMEOUT, &kUnacknowledgedMs, sizeof kUnacknowledgedMs);
  return number;
}

bool is_starved(const error_code& error) {
  return error.category() == boost::system::system_category() &&
         (error.value() == EMFILE || error.value() == ENFILE || error.value() == ENOMEM || error.value() == ENOSPC ||
          error.value() == ENOBUFS || error.value() == EADDRNOTAVAIL);
}

std::string explain_connect_error(const error_code& error) {
  if (error == asio::error::connection_refused)
    return "connection refused: does it listen for DNS over TLS on this port?";
  if (error == asio::error::timed_out) return "no answer to our connecting: does a firewall drop the packets?";
  if (error == asio::error::host_unreachable || error == asio::error::network_unreachable)
    return "there is no route to it (" + error.message() + ")";
  return "connecting: " + error.message();
}

}  // namespace

std::shared_ptr<TlsConnection> TlsConnection::open(asio::io_context& loop, const config::Forward::Server& server,
                                                   TlsClient::Context context, TlsSession session,
                                                   std::weak_ptr<Owner> owner) {
  auto connection =
      std::make_shared<TlsConnection>(loop, server, std::move(context), std::move(session), std::move(owner));
  connection->start();
  return connection;
}

TlsConnection::TlsConnection(asio::io_context& loop, const config::Forward::Server& server, TlsClient::Context context,
                             TlsSession session, std::weak_ptr<Owner> owner)
    : loop_(loop),
      server_(server),
      context_(std::move(context)),
      session_(std::move(session)),
      stream_(loop, *context_),
      owner_(std::move(owner)) {}

TlsConnection::~TlsConnection() = default;

void TlsConnection::start() {
  const auto self = shared_from_this();
  error_code error;
  if (const int number = open_socket(server_.endpoint); number >= 0) {
    stream_.next_layer().assign(server_.endpoint.address.is_v4() ? asio::ip::tcp::v4() : asio::ip::tcp::v6(), number,
                                error);
  } else {
    error.assign(errno, boost::system::system_category());
  }
  if (error) {
    asio::post(loop_, [self, error] { self->end(explain_connect_error(error), is_starved(error)); });
    return;
  }
  stream_.next_layer().async_connect({server_.endpoint.address, server_.endpoint.port}, [self](const error_code& e) {
    if (self->phase_ == Phase::Closed) return;
    if (e) return self->end(explain_connect_error(e), is_starved(e));
    self->shake_hands();
  });
}

void TlsConnection::shake_hands() {
  phase_ = Phase::Handshaking;
  auto* tls = stream_.native_handle();
  try {
    expect_server(tls, server_);
  } catch (const std::runtime_error& e) {
    return end(e.what());
  }
  if (session_) SSL_set_session(tls, session_.get());
  keep_session(tls, session_);
  stream_.async_handshake(asio::ssl::stream_base::client, [self = shared_from_this()](const error_code& error) {
    if (self->phase_ == Phase::Closed) return;
    if (error) {
      self->session_.reset();
      return self->fail(error);
    }
    self->phase_ = Phase::Open;
    self->flush();
    self->read();
  });
}

void TlsConnection::read() {
  const std::size_t message = have_ < kLength ? 0 : kLength + (std::size_t{in_[0]} << 8 | in_[1]);
  in_.resize(std::max(have_ + kRead, message));
  stream_.async_read_some(asio::buffer(in_.data() + have_, in_.size() - have_),
                          [self = shared_from_this()](const error_code& error, std::size_t octets) {
                            if (self->phase_ == Phase::Closed) return;
                            if (error) return self->fail(error);
                            self->have_ += octets;
                            self->take_messages();
                            if (self->phase_ != Phase::Closed) self->read();
                          });
}

void TlsConnection::take_messages() {
  const auto owner = owner_.lock();
  std::size_t at = 0;
  while (owner && phase_ != Phase::Closed && have_ - at >= kLength) {
    const std::size_t size = std::size_t{in_[at]} << 8 | in_[at + 1];
    if (have_ - at < kLength + size) break;
    owner->received(std::span(in_).subspan(at + kLength, size));
    at += kLength + size;
  }
  std::copy(in_.begin() + static_cast<std::ptrdiff_t>(at), in_.begin() + static_cast<std::ptrdiff_t>(have_),
            in_.begin());
  have_ -= at;
}

void TlsConnection::send(std::span<const std::uint8_t> message) {
  queue_.push_back(static_cast<std::uint8_t>(message.size() >> 8));
  queue_.push_back(static_cast<std::uint8_t>(message.size() & 0xff));
  queue_.insert(queue_.end(), message.begin(), message.end());
  if (phase_ != Phase::Open || std::exchange(flush_posted_, true)) return;
  asio::post(loop_, [self = shared_from_this()] {
    self->flush_posted_ = false;
    self->flush();
  });
}

void TlsConnection::flush() {
  if (phase_ != Phase::Open || !leaving_.empty() || queue_.empty()) return;
  leaving_.swap(queue_);
  write();
}

void TlsConnection::write() {
  asio::async_write(stream_, asio::buffer(leaving_), [self = shared_from_this()](const error_code& error, std::size_t) {
    if (self->phase_ == Phase::Closed) return;
    if (error) return self->fail(error);
    self->leaving_.clear();
    self->flush();
  });
}

void TlsConnection::fail(const error_code& error) {
  end(explain_tls_error(stream_.native_handle(), server_, error), is_starved(error));
}

void TlsConnection::end(const std::string& why, bool starved) {
  if (phase_ == Phase::Closed) return;
  const auto owner = owner_.lock();
  drop();
  if (owner) owner->ended(why, starved);
}

void TlsConnection::close() {
  if (phase_ == Phase::Closed) return;
  error_code ignored;
  if (phase_ == Phase::Open && leaving_.empty()) {
    // Says goodbye (RFC 8446, 6.1) without waiting for the server's: a non-blocking socket has the one and not the
    // other.
    stream_.next_layer().non_blocking(true, ignored);
    stream_.shutdown(ignored);
  }
  drop();
}

void TlsConnection::drop() {
  // A connection that ends without goodbyes would take its session with it.
  if (phase_ == Phase::Open) SSL_set_shutdown(stream_.native_handle(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  phase_ = Phase::Closed;
  error_code ignored;
  stream_.next_layer().close(ignored);
}

std::string TlsConnection::waits_for() const {
  switch (phase_) {
    case Phase::Connecting:
      return "no answer to our connecting: does a firewall drop the packets?";
    case Phase::Handshaking:
      return "no answer to our TLS handshake: does it speak DNS over TLS on this port?";
    default:
      return "no answer to our questions";
  }
}

}  // namespace meridian::upstream
