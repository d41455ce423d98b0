#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "kube/stop_list.hpp"

namespace meridian::kube {

// Names to addresses. getaddrinfo blocks, for half a minute on a dead DNS server, and can't be called back: each lookup
// has a thread of its own that nobody joins. So no name waits for another's, and neither stop() nor the end of the loop
// waits for any. Those who ask for a name while it is looked up wait for that lookup: there are never more threads than
// names. One thread, but for the lookups.
class Resolver {
 public:
  using Endpoints = std::vector<boost::asio::ip::tcp::endpoint>;
  // Runs on the lookup's thread, and may still run when the Resolver, the loop and main() are gone: it has to own all
  // that it uses. The ports do not count.
  using LookUp = std::function<Endpoints(const std::string& host, boost::system::error_code& error)>;
  // getaddrinfo.
  static Endpoints ask_system(const std::string& host, boost::system::error_code& error);

  Resolver(boost::asio::any_io_executor executor, std::shared_ptr<StopList> stops, LookUp look_up = ask_system);

  // The addresses of `host`, in getaddrinfo's order (RFC 6724); an address is its own. Ends at `deadline` and at
  // stop(), whatever the lookup does. Throws boost::system::system_error; time is asio::error::timed_out. The Resolver
  // lives until the coroutine ends.
  boost::asio::awaitable<Endpoints> resolve(std::string host, std::uint16_t port,
                                            std::chrono::steady_clock::time_point deadline);

 private:
  struct Lookup;
  std::shared_ptr<Lookup> lookup_of(const std::string& host);

  boost::asio::any_io_executor executor_;
  std::shared_ptr<StopList> stops_;
  LookUp look_up_;
  std::map<std::string, std::weak_ptr<Lookup>> lookups_;  // their threads own them
};

}  // namespace meridian::kube
