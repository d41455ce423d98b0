#pragma once
// One request and its answer on one connection; the body as a stream, decoded.

#include <boost/asio/awaitable.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kube/api.hpp"
#include "kube/api_connection.hpp"
#include "kube/gzip.hpp"

namespace meridian::kube {

// The connection failed before there was an answer.
struct Unanswered : Unreachable {
  Unanswered(const std::string& text, bool u) : Unreachable(text), unsent(u) {}
  const bool unsent;  // no server can have read any of the request
};

class Exchange {
 public:
  using Clock = ApiConnection::Clock;

  explicit Exchange(std::unique_ptr<ApiConnection> connection);

  // Sends, and waits for the head. Throws Unreachable, above all Unanswered.
  boost::asio::awaitable<void> start(Request request, std::string token, Clock::time_point deadline);
  unsigned status() const { return parser_.get().result_int(); }
  std::optional<std::chrono::seconds> retry_after() const;

  // The next octets of the body, decoded; good until the next call; empty: the body ended as it should. Each wait for
  // the network ends after `silence`, or, without one, at the deadline of start(). Throws Unreachable.
  boost::asio::awaitable<std::string_view> read(std::optional<std::chrono::milliseconds> silence);
  // The connection, if the body was read to its end and the server keeps it open; else nothing.
  std::unique_ptr<ApiConnection> release();
  // Ends what waits in read() with operation_aborted.
  void close();

 private:
  // What of the body can be had without the network.
  std::string_view decode();
  // Of every wait: throws if it was cancelled, by stop(), close(), or the caller's cancellation slot.
  void check(const boost::system::error_code& error) const;

  std::unique_ptr<ApiConnection> connection_;
  Clock::time_point deadline_{};
  bool closed_ = false;
  boost::beast::http::response_parser<boost::beast::http::buffer_body> parser_;
  std::vector<char> raw_, decoded_;
  std::string_view arrived_;  // of raw_
  std::optional<Gunzip> gunzip_;
  bool compressed_octets_ = false;  // there were some
};

}  // namespace meridian::kube
