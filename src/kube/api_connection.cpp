#include "kube/api_connection.hpp"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>

#include "kube/base64.hpp"

namespace meridian::kube {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using Clock = ApiConnection::Clock;
using boost::system::error_code;

constexpr std::uint32_t kProxyHeadLimit = 16384;  // octets

// A peer that is gone without a word is found within 45 s (design: half-open connections).
void find_dead_peers(tcp::socket& socket) {
  const auto set = [&](int level, int option, int value) {
    ::setsockopt(socket.native_handle(), level, option, &value, sizeof value);
  };
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, 15);
  set(IPPROTO_TCP, TCP_KEEPINTVL, 8);
  set(IPPROTO_TCP, TCP_KEEPCNT, 3);
  set(IPPROTO_TCP, TCP_USER_TIMEOUT, 40000);
  set(IPPROTO_TCP, TCP_NODELAY, 1);
}

bool is_timeout(const error_code& error) {
  return error == beast::error::timeout || error == asio::error::timed_out;
}

std::string remedy(const error_code& error) {
  if (is_timeout(error)) return "there is no answer in time: is it overloaded, or does a firewall drop the packets?";
  if (error == asio::error::connection_refused) return "connection refused: is it running, and is the port right?";
  if (error == asio::error::host_unreachable || error == asio::error::network_unreachable) {
    return "there is no route to it (" + error.message() + ")";
  }
  if (error == asio::error::host_not_found || error == asio::error::host_not_found_try_again ||
      error == asio::error::no_data) {
    return "its name is not in the DNS (" + error.message() +
           "): is it spelled right, and does this machine's resolver work?";
  }
  if (error == asio::error::eof || error == asio::ssl::error::stream_truncated || error == http::error::end_of_stream ||
      error == http::error::partial_message || error == asio::error::connection_reset ||
      error == asio::error::broken_pipe) {
    return "the connection was cut (" + error.message() + "): did it restart?";
  }
  return error.message();
}

// Cancelled is cancelled, and no news of the server.
void throw_if_aborted(const StopList& stops, const error_code& error) {
  stops.check();
  if (error == asio::error::operation_aborted) throw boost::system::system_error(error);
}

}  // namespace

ApiConnection::ApiConnection(asio::any_io_executor executor, std::shared_ptr<const Dial> dial,
                             std::shared_ptr<StopList> stops)
    : dial_(std::move(dial)),
      stops_(stops),
      stream_(executor, *dial_->tls),
      // Not cancel(): a handshake between two of its reads and writes would not notice.
      guard_(std::move(stops), [this] { beast::get_lowest_layer(stream_).close(); }) {}

asio::awaitable<std::unique_ptr<ApiConnection>> ApiConnection::open(asio::any_io_executor executor,
                                                                    std::shared_ptr<Resolver> resolver,
                                                                    std::shared_ptr<const Dial> dial,
                                                                    std::shared_ptr<StopList> stops,
                                                                    Clock::time_point deadline) {
  auto connection = std::make_unique<ApiConnection>(executor, dial, stops);
  const Peer& peer = *dial->peer;
  if (peer.proxy) {
    co_await connection->connect(resolver, peer.proxy->host, peer.proxy->port, deadline);
    co_await connection->ask_proxy(deadline);
  } else {
    co_await connection->connect(resolver, peer.server.host, peer.server.port, deadline);
  }
  co_await connection->handshake(deadline);
  co_return connection;
}

asio::awaitable<void> ApiConnection::connect(std::shared_ptr<Resolver> resolver, std::string host, std::uint16_t port,
                                             Clock::time_point deadline) {
  const auto whom = dial_->peer->proxy ? "connecting to the proxy " + dial_->peer->proxy->authority() : "connecting";
  std::vector<tcp::endpoint> endpoints;
  error_code error;
  try {
    endpoints = co_await resolver->resolve(std::move(host), port, deadline);
  } catch (const boost::system::system_error& e) {
    error = e.code();
  }
  throw_if_aborted(*stops_, error);
  if (error) throw Unconnected(trouble(whom, error));
  auto& tcp_layer = beast::get_lowest_layer(stream_);
  error = asio::error::host_not_found;
  for (std::size_t i = 0; i < endpoints.size() && error; ++i) {
    const auto now = Clock::now();
    const auto share = (deadline - now) / static_cast<long>(endpoints.size() - i);
    tcp_layer.expires_at(now + share);
    co_await tcp_layer.async_connect(endpoints[i], asio::redirect_error(asio::use_awaitable, error));
    throw_if_aborted(*stops_, error);
    if (error) tcp_layer.close();
  }
  if (error) throw Unconnected(trouble(whom, error));
  find_dead_peers(tcp_layer.socket());
}

asio::awaitable<void> ApiConnection::ask_proxy(Clock::time_point deadline) {
  const auto target = dial_->peer->server.authority();
  const auto& proxy = *dial_->peer->proxy;
  const auto what = "asking the proxy " + proxy.authority();
  http::request<http::empty_body> request{http::verb::connect, target, 11};
  request.set(http::field::host, target);
  request.set(http::field::user_agent, "meridian/" MERIDIAN_VERSION);
  if (!proxy.user_password.empty()) {
    request.set(http::field::proxy_authorization, "Basic " + encode_base64(proxy.user_password));
  }
  auto& tcp_layer = beast::get_lowest_layer(stream_);
  tcp_layer.expires_at(deadline);
  error_code error;
  co_await http::async_write(tcp_layer, request, asio::redirect_error(asio::use_awaitable, error));
  throw_if_aborted(*stops_, error);
  if (error) throw Unconnected(trouble(what, error));
  http::response_parser<http::empty_body> parser;
  parser.skip(true);  // what follows the head is the server's
  parser.header_limit(kProxyHeadLimit);
  beast::flat_buffer buffer;
  co_await http::async_read_header(tcp_layer, buffer, parser, asio::redirect_error(asio::use_awaitable, error));
  throw_if_aborted(*stops_, error);
  if (error) throw Unconnected(trouble(what, error));
  const auto status = parser.get().result_int();
  if (status / 100 != 2) {
    throw Unconnected(
        dial_->peer->describe() + ": " + what + ": it said " + std::to_string(status) +
        (status == 407 ? ": give user and password in proxy-url" : ": does it allow CONNECT to " + target + "?"));
  }
}

asio::awaitable<void> ApiConnection::handshake(Clock::time_point deadline) {
  expect_server(stream_.native_handle(), *dial_->peer);
  expires_at(deadline);
  error_code error;
  co_await stream_.async_handshake(boost::asio::ssl::stream_base::client,
                                   asio::redirect_error(asio::use_awaitable, error));
  throw_if_aborted(*stops_, error);
  if (!error) co_return;
  const auto why = is_timeout(error) ? remedy(error) : explain_tls_error(stream_.native_handle(), *dial_->peer, error);
  throw Unconnected(dial_->peer->describe() + ": TLS handshake: " + why);
}

bool ApiConnection::idles_well() {
  char octet;
  const auto n = ::recv(beast::get_lowest_layer(stream_).socket().native_handle(), &octet, 1, MSG_PEEK | MSG_DONTWAIT);
  return n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) && buffer_.size() == 0;
}

std::string ApiConnection::trouble(const std::string& what, const error_code& error) {
  const bool tls = error.category() == asio::error::get_ssl_category();
  return dial_->peer->describe() + ": " + what + ": " +
         (tls ? explain_tls_error(stream_.native_handle(), *dial_->peer, error) : remedy(error));
}

}  // namespace meridian::kube
