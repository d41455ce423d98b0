#pragma once
// The API server of one cluster: HTTPS, the credentials of the configuration, one request or one stream at a time to
// each connection. What the JSON means is the callers' business.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include <meridian/config/config.hpp>

namespace meridian::kube {

enum class Method : std::uint8_t { Get, Post, Put, Patch };

struct Request {
  Method method = Method::Get;
  std::string target;                         // path and query, percent-encoded: "/api/v1/namespaces/x/configmaps?..."
  std::string body{};                         // empty: none
  std::string content_type{};                 // with a body: "application/json", "application/merge-patch+json", ...
  std::chrono::milliseconds deadline{10000};  // of send(): for the whole exchange; of open(): until the head is there
};

// Any status is an answer: the caller decides what a 404 means.
struct Response {
  unsigned status = 0;
  std::string body;
  std::optional<std::chrono::seconds> retry_after;  // 429 and 5xx may say
};

// The message of a Kubernetes Status object if the body is one ("serviceentries is forbidden: ..."), else its
// beginning; control characters escaped: for logs and for State::trouble.
std::string explain(const Response& response);

// There is no answer: name, connection, TLS, time-out, credentials. The text names the server, what went wrong, and
// what to do. Whether a write took effect is not known.
struct Unreachable : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// An answer that comes for as long as its connection lives. Destroying it closes the connection.
class Stream {
 public:
  virtual ~Stream() = default;
  virtual unsigned status() const = 0;
  virtual std::optional<std::chrono::seconds> retry_after() const = 0;
  // The next octets of the body, decoded (chunked, gzip); good until the next call; empty: the body ended as it should.
  // Throws Unreachable if it ended otherwise, or if nothing came for `silence`.
  virtual boost::asio::awaitable<std::string_view> read(std::chrono::milliseconds silence) = 0;
};

// Control thread only (or any one thread that runs `loop`). Coroutines that wait in here end with
// boost::system::system_error(operation_aborted) after stop(), and hold what they need: the Api may be destroyed then.
class Api {
 public:
  // Nothing is read and nobody is connected before the first request, and what is missing or wrong (no kubeconfig, no
  // such context) makes requests Unreachable until it is mended: files are looked at again.
  Api(boost::asio::io_context& loop, config::Kubernetes settings);
  ~Api();
  Api(const Api&) = delete;
  Api& operator=(const Api&) = delete;

  // One request, one whole answer of at most 16 MiB. A 401 is tried once more with fresh credentials. Connections are
  // kept; a GET whose kept connection turns out to be dead is sent again on a new one, a write is not. Throws
  // Unreachable.
  boost::asio::awaitable<Response> send(Request request);
  // The same for long answers, on a connection of its own.
  boost::asio::awaitable<std::unique_ptr<Stream>> open(Request request);
  void stop();
  bool stopped() const;

  // For people: "https://10.96.0.1:443 (service account)"; before it is known what was configured.
  std::string describe() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

// One segment of a path, or a value of a query, percent-encoded (RFC 3986, 2.1): all but unreserved characters.
std::string percent_encode(std::string_view text);

}  // namespace meridian::kube
