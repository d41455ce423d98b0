#pragma once
// A proxy that knows CONNECT alone (RFC 9110, 9.3.6), on the test's own loop.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <string>
#include <vector>

namespace meridian::test {

// The loop does not run any more once it is destroyed.
class ConnectProxy {
 public:
  // Every request gets this answer; of status 200 a tunnel follows.
  explicit ConnectProxy(boost::asio::io_context& loop,
                        std::string answer = "HTTP/1.1 200 Connection established\r\n\r\n");
  ConnectProxy(const ConnectProxy&) = delete;
  ConnectProxy& operator=(const ConnectProxy&) = delete;

  std::string url(const std::string& user = "") const;  // "http://USER@127.0.0.1:PORT"
  std::string authority() const;
  const std::vector<std::string>& heads() const { return heads_; }  // of the requests

 private:
  using Socket = std::shared_ptr<boost::asio::ip::tcp::socket>;
  boost::asio::awaitable<void> accept();
  boost::asio::awaitable<void> serve(Socket client);

  const std::string answer_;
  boost::asio::ip::tcp::acceptor acceptor_;
  std::vector<std::string> heads_;
};

}  // namespace meridian::test
