#pragma once
// Workers on real sockets of loopback, for tests. The test's thread is their home.

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <memory>
#include <string_view>
#include <vector>

#include "server/client.hpp"
#include "server/worker.hpp"

namespace meridian::test {

// Every default, no upstreams, everybody may ask.
config::Config quiet_config();
// The same with one upstream that is waited for as long as the test likes.
config::Config forwarding_to(const FakeUpstream& upstream);

class RunningServer {
 public:
  // The zone "global" of tests/support/zone_text, one address with a port of the kernel's choice.
  explicit RunningServer(std::string_view zone, const config::Config& config = quiet_config(), unsigned workers = 1,
                         std::string_view listen = "127.0.0.1");

  // Where it listens, asked for at `address`.
  config::Endpoint at(std::string_view address) const;
  config::Endpoint endpoint() const { return bound_.front(); }
  server::Worker& worker(std::size_t i = 0) { return *workers_[i]; }
  server::TcpAdmission& admission() { return admission_; }
  stats::WorkerCounters const& counters(std::size_t i = 0) const { return workers_[i]->counters(); }

  // Whether nobody listens for TCP any more.
  bool refuses_tcp() const;

  // Runs what workers post home until `done()`; false after ten seconds.
  template <class Done>
  bool home_until(Done done) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{10};
    while (!done()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      home_.restart();
      home_.run_one_for(std::chrono::milliseconds{5});
    }
    return true;
  }

 private:
  boost::asio::io_context home_;
  server::TcpAdmission admission_;
  upstream::SharedState forwarding_{config::Forward{}};
  std::vector<config::Endpoint> bound_;
  std::vector<std::unique_ptr<server::Worker>> workers_;
};

}  // namespace meridian::test
