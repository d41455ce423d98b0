#pragma once
// A proxy that knows CONNECT alone (RFC 9110, 9.3.6), on the test's own loop.

#include <array>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <memory>
#include <string>
#include <vector>

namespace meridian::test {

// The loop does not run any more once it is destroyed.
class ConnectProxy {
 public:
  // Every request gets this answer; of status 200 a tunnel follows.
  explicit ConnectProxy(boost::asio::io_context& loop,
                        std::string answer = "HTTP/1.1 200 Connection established\r\n\r\n")
      : answer_(std::move(answer)), acceptor_(loop, {boost::asio::ip::make_address("127.0.0.1"), 0}) {
    boost::asio::co_spawn(loop, accept(), boost::asio::detached);
  }
  // "http://USER@127.0.0.1:PORT"
  std::string url(const std::string& user = "") const {
    return "http://" + (user.empty() ? "" : user + "@") + authority();
  }
  std::string authority() const { return "127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()); }
  const std::vector<std::string>& heads() const { return heads_; }  // of the requests

 private:
  using Socket = std::shared_ptr<boost::asio::ip::tcp::socket>;

  boost::asio::awaitable<void> accept() {
    for (;;) {
      auto client =
          std::make_shared<boost::asio::ip::tcp::socket>(co_await acceptor_.async_accept(boost::asio::use_awaitable));
      boost::asio::co_spawn(acceptor_.get_executor(), serve(std::move(client)), boost::asio::detached);
    }
  }

  boost::asio::awaitable<void> serve(Socket client) {
    std::string head;
    co_await boost::asio::async_read_until(*client, boost::asio::dynamic_buffer(head), "\r\n\r\n",
                                           boost::asio::use_awaitable);
    heads_.push_back(head);
    const auto server = std::make_shared<boost::asio::ip::tcp::socket>(acceptor_.get_executor());
    const bool tunnel = answer_.starts_with("HTTP/1.1 200");
    if (tunnel) co_await server->async_connect(target(head), boost::asio::use_awaitable);
    co_await boost::asio::async_write(*client, boost::asio::buffer(answer_), boost::asio::use_awaitable);
    if (!tunnel) co_return;
    boost::asio::co_spawn(acceptor_.get_executor(), relay(client, server), boost::asio::detached);
    boost::asio::co_spawn(acceptor_.get_executor(), relay(server, client), boost::asio::detached);
  }

  // "CONNECT 127.0.0.1:6443 HTTP/1.1"
  static boost::asio::ip::tcp::endpoint target(const std::string& head) {
    const auto authority = head.substr(8, head.find(' ', 8) - 8);
    const auto colon = authority.rfind(':');
    return {boost::asio::ip::make_address(authority.substr(0, colon)),
            static_cast<std::uint16_t>(std::stoul(authority.substr(colon + 1)))};
  }

  static boost::asio::awaitable<void> relay(Socket from, Socket to) {
    std::array<char, 16384> octets;
    boost::system::error_code error;
    while (!error) {
      const auto n = co_await from->async_read_some(boost::asio::buffer(octets),
                                                    boost::asio::redirect_error(boost::asio::use_awaitable, error));
      if (error) break;
      co_await boost::asio::async_write(*to, boost::asio::buffer(octets.data(), n),
                                        boost::asio::redirect_error(boost::asio::use_awaitable, error));
    }
    to->close(error);
  }

  const std::string answer_;
  boost::asio::ip::tcp::acceptor acceptor_;
  std::vector<std::string> heads_;
};

}  // namespace meridian::test
