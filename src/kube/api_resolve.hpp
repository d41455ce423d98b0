#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "kube/stop_list.hpp"

namespace meridian::kube {

// The addresses of `host`, in getaddrinfo's order (RFC 6724); an address is its own. Ends at `deadline` and at stop(),
// even while getaddrinfo hangs on a dead DNS server. Throws boost::system::system_error; time is
// asio::error::timed_out.
boost::asio::awaitable<std::vector<boost::asio::ip::tcp::endpoint>> resolve(
    boost::asio::any_io_executor executor, std::string host, std::uint16_t port, std::shared_ptr<StopList> stops,
    std::chrono::steady_clock::time_point deadline);

}  // namespace meridian::kube
