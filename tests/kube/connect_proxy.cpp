#include "connect_proxy.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

namespace meridian::test {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

// "CONNECT 127.0.0.1:6443 HTTP/1.1"
tcp::endpoint target(const std::string& head) {
  const auto authority = head.substr(8, head.find(' ', 8) - 8);
  const auto colon = authority.rfind(':');
  return {asio::ip::make_address(authority.substr(0, colon)),
          static_cast<std::uint16_t>(std::stoul(authority.substr(colon + 1)))};
}

asio::awaitable<void> relay(std::shared_ptr<tcp::socket> from, std::shared_ptr<tcp::socket> to) {
  std::string octets(16384, '\0');
  boost::system::error_code error;
  while (!error) {
    const auto n =
        co_await from->async_read_some(asio::buffer(octets), asio::redirect_error(asio::use_awaitable, error));
    if (error) break;
    co_await asio::async_write(*to, asio::buffer(octets.data(), n), asio::redirect_error(asio::use_awaitable, error));
  }
  to->close(error);
}

}  // namespace

ConnectProxy::ConnectProxy(asio::io_context& loop, std::string answer)
    : answer_(std::move(answer)), acceptor_(loop, {asio::ip::make_address("127.0.0.1"), 0}) {
  asio::co_spawn(loop, accept(), asio::detached);
}

std::string ConnectProxy::url(const std::string& user) const {
  return "http://" + (user.empty() ? "" : user + "@") + authority();
}

std::string ConnectProxy::authority() const {
  return "127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port());
}

asio::awaitable<void> ConnectProxy::accept() {
  for (;;) {
    auto client = std::make_shared<tcp::socket>(co_await acceptor_.async_accept(asio::use_awaitable));
    asio::co_spawn(acceptor_.get_executor(), serve(std::move(client)), asio::detached);
  }
}

asio::awaitable<void> ConnectProxy::serve(Socket client) {
  std::string head;
  co_await asio::async_read_until(*client, asio::dynamic_buffer(head), "\r\n\r\n", asio::use_awaitable);
  heads_.push_back(head);
  const auto server = std::make_shared<tcp::socket>(acceptor_.get_executor());
  const bool tunnel = answer_.starts_with("HTTP/1.1 200");
  if (tunnel) co_await server->async_connect(target(head), asio::use_awaitable);
  co_await asio::async_write(*client, asio::buffer(answer_), asio::use_awaitable);
  if (!tunnel) co_return;
  asio::co_spawn(acceptor_.get_executor(), relay(client, server), asio::detached);
  asio::co_spawn(acceptor_.get_executor(), relay(server, client), asio::detached);
}

}  // namespace meridian::test
