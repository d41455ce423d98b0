#include "cli/admin_client.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/version.hpp>
#include <chrono>
#include <stdexcept>

namespace meridian::cli {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;

// Runs one asynchronous step to its end, so that the stream's time-out holds for it.
template <class Start>
void step(asio::io_context& loop, Start start) {
  beast::error_code result;
  start([&](beast::error_code error, auto&&...) { result = error; });
  loop.restart();
  loop.run();
  if (result) throw beast::system_error(result);
}

}  // namespace

AdminReply admin_get(const std::string& address, const std::string& target) {
  const auto colon = address.rfind(':');
  std::string host = address.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  try {
    asio::io_context loop;
    const auto endpoints = asio::ip::tcp::resolver(loop).resolve(host, address.substr(colon + 1));
    beast::tcp_stream stream(loop);
    stream.expires_after(std::chrono::seconds(10));
    step(loop, [&](auto done) { stream.async_connect(endpoints, done); });

    http::request<http::empty_body> request{http::verb::get, target, 11};
    request.set(http::field::host, address);
    request.keep_alive(false);
    step(loop, [&](auto done) { http::async_write(stream, request, done); });
    beast::flat_buffer buffer;
    http::response<http::string_body> response;
    step(loop, [&](auto done) { http::async_read(stream, buffer, response, done); });
    return {response.result_int(), std::move(response.body())};
  } catch (const std::exception& e) {
    throw std::runtime_error("no answer from http://" + address + " (" + e.what() +
                             "): is the server running, and is its admin.listen this address? --admin names another");
  }
}

}  // namespace meridian::cli
