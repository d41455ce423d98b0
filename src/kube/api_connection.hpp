#pragma once
// One TLS connection to an API server, through a proxy if there is one.

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <chrono>
#include <memory>
#include <string>

#include "kube/api.hpp"
#include "kube/api_resolve.hpp"
#include "kube/api_tls.hpp"
#include "kube/credentials.hpp"
#include "kube/stop_list.hpp"

namespace meridian::kube {

// There is no connection: nothing of a request was sent.
struct Unconnected : Unreachable {
  using Unreachable::Unreachable;
};

// To whom, and how: connections of the same Dial do for each other.
struct Dial {
  std::shared_ptr<const Peer> peer;
  TlsContext tls;
};

class ApiConnection {
 public:
  using Clock = std::chrono::steady_clock;
  using Stream = boost::beast::ssl_stream<boost::beast::tcp_stream>;

  // Name looked up, connected (each address gets its share of the time), CONNECTed, and the server verified. Throws
  // Unconnected; operation_aborted after stop().
  static boost::asio::awaitable<std::unique_ptr<ApiConnection>> open(boost::asio::any_io_executor executor,
                                                                     std::shared_ptr<Resolver> resolver,
                                                                     std::shared_ptr<const Dial> dial,
                                                                     std::shared_ptr<StopList> stops,
                                                                     Clock::time_point deadline);
  ApiConnection(boost::asio::any_io_executor executor, std::shared_ptr<const Dial> dial,
                std::shared_ptr<StopList> stops);
  ApiConnection(const ApiConnection&) = delete;
  ApiConnection& operator=(const ApiConnection&) = delete;

  Stream& stream() { return stream_; }
  boost::beast::flat_buffer& buffer() { return buffer_; }  // read, and not used yet
  const std::shared_ptr<const Dial>& dial() const { return dial_; }
  const StopList& stops() const { return *stops_; }
  // Of every wait from here on.
  void expires_at(Clock::time_point deadline) { boost::beast::get_lowest_layer(stream_).expires_at(deadline); }
  // Whether, of a connection that idles, nothing speaks against using it again: no end, and nothing unasked for.
  bool idles_well();

  // "SERVER: WHAT: why", as Unreachable says it.
  std::string trouble(const std::string& what, const boost::system::error_code& error);

 private:
  boost::asio::awaitable<void> connect(std::shared_ptr<Resolver> resolver, std::string host, std::uint16_t port,
                                       Clock::time_point deadline);
  boost::asio::awaitable<void> ask_proxy(Clock::time_point deadline);
  boost::asio::awaitable<void> handshake(Clock::time_point deadline);

  std::shared_ptr<const Dial> dial_;
  std::shared_ptr<StopList> stops_;
  Stream stream_;
  boost::beast::flat_buffer buffer_;
  StopList::Guard guard_;
};

}  // namespace meridian::kube
