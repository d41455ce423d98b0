#include "kube/api_exchange.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <charconv>

namespace meridian::kube {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;

constexpr std::uint32_t kHeadLimit = 64 << 10;   // octets; Go's servers send a few hundred
constexpr std::size_t kRawPiece = 16 << 10;      // of the body, as it comes
constexpr std::size_t kDecodedPiece = 64 << 10;  // of what comes out of gzip
constexpr int kMostRetryAfter = 24 * 60 * 60;    // seconds

http::verb verb_of(Method method) {
  switch (method) {
    case Method::Get:
      return http::verb::get;
    case Method::Post:
      return http::verb::post;
    case Method::Put:
      return http::verb::put;
    case Method::Patch:
      return http::verb::patch;
  }
  return http::verb::get;
}

http::request<http::string_body> to_http(Request request, const std::string& token, const ServerUrl& server) {
  http::request<http::string_body> message{verb_of(request.method), server.path + request.target, 11};
  message.set(http::field::host, server.authority());
  message.set(http::field::user_agent, "meridian/" MERIDIAN_VERSION);
  message.set(http::field::accept, "application/json");
  message.set(http::field::accept_encoding, "gzip");
  if (!token.empty()) message.set(http::field::authorization, "Bearer " + token);
  if (!request.content_type.empty()) message.set(http::field::content_type, request.content_type);
  message.body() = std::move(request.body);
  message.prepare_payload();
  return message;
}

}  // namespace

Exchange::Exchange(std::unique_ptr<ApiConnection> connection) : connection_(std::move(connection)), raw_(kRawPiece) {
  parser_.header_limit(kHeadLimit);
  parser_.body_limit(boost::none);  // the reader's business
}

void Exchange::check(const error_code& error) const {
  if (closed_ || error == asio::error::operation_aborted) {
    throw boost::system::system_error(asio::error::operation_aborted);
  }
  connection_->stops().check();
}

asio::awaitable<void> Exchange::start(Request request, std::string token, Clock::time_point deadline) {
  deadline_ = deadline;
  const auto message = to_http(std::move(request), token, connection_->dial()->peer->server);
  error_code error;
  connection_->expires_at(deadline);
  const auto sent =
      co_await http::async_write(connection_->stream(), message, asio::redirect_error(asio::use_awaitable, error));
  check(error);
  // A TLS record that is not complete can't be read, so nothing of it counts as sent.
  if (error) throw Unanswered(connection_->trouble("sending", error), sent == 0);
  co_await http::async_read_header(connection_->stream(), connection_->buffer(), parser_,
                                   asio::redirect_error(asio::use_awaitable, error));
  check(error);
  if (error) {
    const auto text = connection_->trouble("waiting for an answer", error);
    if (error == beast::error::timeout || parser_.got_some()) throw Unreachable(text);
    throw Unanswered(text, false);
  }
  if (beast::iequals(parser_.get()[http::field::content_encoding], "gzip")) {
    gunzip_.emplace();
    decoded_.resize(kDecodedPiece);
  }
}

std::optional<std::chrono::seconds> Exchange::retry_after() const {
  const auto text = parser_.get()[http::field::retry_after];  // API servers give seconds, never a date
  int seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc() || end != text.data() + text.size() || seconds < 0) return std::nullopt;
  return std::chrono::seconds(std::min(seconds, kMostRetryAfter));
}

std::string_view Exchange::decode() {
  if (!gunzip_) return std::exchange(arrived_, {});
  if (!arrived_.empty()) gunzip_->feed(std::exchange(arrived_, {}));
  try {
    return {decoded_.data(), gunzip_->read(decoded_)};
  } catch (const BadGzip& e) {
    throw Unreachable(connection_->dial()->peer->describe() + ": reading its answer: gzip: " + e.what());
  }
}

asio::awaitable<std::string_view> Exchange::read(std::optional<std::chrono::milliseconds> silence) {
  for (;;) {
    check({});
    if (const auto piece = decode(); !piece.empty()) co_return piece;
    if (parser_.is_done()) break;
    auto& body = parser_.get().body();
    body.data = raw_.data();
    body.size = raw_.size();
    connection_->expires_at(silence ? Clock::now() + *silence : deadline_);
    error_code error;
    co_await http::async_read_some(connection_->stream(), connection_->buffer(), parser_,
                                   asio::redirect_error(asio::use_awaitable, error));
    check(error);
    if (error && error != http::error::need_buffer) {
      throw Unreachable(connection_->trouble("reading its answer", error));
    }
    arrived_ = {raw_.data(), raw_.size() - body.size};
    compressed_octets_ |= !arrived_.empty();
  }
  if (gunzip_ && compressed_octets_ && !gunzip_->complete()) {
    throw Unreachable(connection_->dial()->peer->describe() + ": reading its answer: gzip: it breaks off");
  }
  co_return std::string_view{};
}

std::unique_ptr<ApiConnection> Exchange::release() {
  if (!connection_ || closed_ || !parser_.is_done() || !parser_.keep_alive()) return nullptr;
  return std::move(connection_);
}

void Exchange::close() {
  closed_ = true;
  if (connection_) beast::get_lowest_layer(connection_->stream()).close();
}

}  // namespace meridian::kube
