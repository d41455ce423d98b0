#pragma once
// One TLS connection to a server, from connect to its end: messages go out and come in behind their lengths (RFC 1035,
// 4.2.2), and what is sent before the server is verified waits. On the loop of its worker. Never connects twice.

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <meridian/config/config.hpp>

#include "upstream/tls_client.hpp"
#include "upstream/tls_peer.hpp"

namespace meridian::upstream {

class TlsConnection : public std::enable_shared_from_this<TlsConnection> {
 public:
  // Whom the connection serves. Not called from inside open() and send(), nor after close(), which each of these may
  // call.
  class Owner {
   public:
    virtual ~Owner() = default;
    virtual void received(std::span<const std::uint8_t> message) = 0;
    // By itself, with the reason and the remedy; `starved`: this machine has no descriptor or memory for it. The last
    // call.
    virtual void ended(const std::string& why, bool starved) = 0;
  };

  // Owned by the caller and by its own handlers. `session` may be null; one of another context must not be given.
  static std::shared_ptr<TlsConnection> open(boost::asio::io_context& loop, const config::Forward::Server& server,
                                             TlsClient::Context context, TlsSession session,
                                             std::weak_ptr<Owner> owner);
  TlsConnection(boost::asio::io_context& loop, const config::Forward::Server& server, TlsClient::Context context,
                TlsSession session, std::weak_ptr<Owner> owner);
  ~TlsConnection();
  TlsConnection(const TlsConnection&) = delete;
  TlsConnection& operator=(const TlsConnection&) = delete;

  // Copied, behind its length. What is sent in one turn of the loop leaves together.
  void send(std::span<const std::uint8_t> message);
  bool is_open() const { return phase_ == Phase::Open; }  // the server is verified
  std::size_t queued() const { return queue_.size(); }    // octets that the connection has not taken yet

  // At once, with a word to the server if nothing is under way.
  void close();

  // What it waits for before it is open, as a reason.
  std::string waits_for() const;
  TlsSession take_session() { return std::move(session_); }  // what the server gave to be resumed; may be null

 private:
  using Socket = boost::asio::ip::tcp::socket;
  enum class Phase : std::uint8_t { Connecting, Handshaking, Open, Closed };

  void start();
  void shake_hands();
  void read();
  void take_messages();
  void flush();
  void write();
  void fail(const boost::system::error_code& error);
  void end(const std::string& why, bool starved = false);
  void drop();

  boost::asio::io_context& loop_;
  const config::Forward::Server server_;
  const TlsClient::Context context_;
  TlsSession session_;  // before stream_, whose OpenSSL writes to it
  boost::asio::ssl::stream<Socket> stream_;
  std::weak_ptr<Owner> owner_;
  Phase phase_ = Phase::Connecting;
  std::vector<std::uint8_t> in_;
  std::size_t have_ = 0;  // octets in in_
  std::vector<std::uint8_t> queue_, leaving_;
  bool flush_posted_ = false;
};

}  // namespace meridian::upstream
