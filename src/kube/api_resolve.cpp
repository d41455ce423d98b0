#include "kube/api_resolve.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace meridian::kube {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using Endpoints = std::vector<tcp::endpoint>;

// Outlives its coroutine: getaddrinfo can't be called back.
struct Lookup {
  explicit Lookup(const asio::any_io_executor& executor) : resolver(executor), done(executor) {}
  tcp::resolver resolver;
  asio::steady_timer done;
  bool finished = false;
  boost::system::error_code error;
  Endpoints endpoints;
};

}  // namespace

asio::awaitable<Endpoints> resolve(asio::any_io_executor executor, std::string host, std::uint16_t port,
                                   std::shared_ptr<StopList> stops, std::chrono::steady_clock::time_point deadline) {
  boost::system::error_code error;
  if (const auto address = asio::ip::make_address(host, error); !error) co_return Endpoints{{address, port}};
  const auto lookup = std::make_shared<Lookup>(executor);
  const StopList::Guard guard(stops, [lookup] { lookup->done.cancel(); });
  lookup->done.expires_at(deadline);
  lookup->resolver.async_resolve(
      host, std::to_string(port), tcp::resolver::numeric_service,
      [lookup](const boost::system::error_code& e, const tcp::resolver::results_type& found) {
        lookup->finished = true;
        lookup->error = e;
        for (const auto& entry : found) lookup->endpoints.push_back(entry.endpoint());
        lookup->done.cancel();
      });
  co_await lookup->done.async_wait(asio::redirect_error(asio::use_awaitable, error));
  stops->check();
  if (!lookup->finished) {
    const bool late = std::chrono::steady_clock::now() >= deadline;
    throw boost::system::system_error(late ? asio::error::timed_out : asio::error::operation_aborted);
  }
  if (lookup->error) throw boost::system::system_error(lookup->error);
  co_return std::move(lookup->endpoints);
}

}  // namespace meridian::kube
