#pragma once
// Servers on a loop of their own, and what they need, for tests below the forwarder.

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <memory>

#include <meridian/stats/counters.hpp>

#include "upstream/upstream_group.hpp"

namespace meridian::test {

struct ServerMaker {
  upstream::UpstreamPtr operator()(const config::Forward::Server& server) {
    return std::make_shared<upstream::Upstream>(upstream::Upstream::Means{loop, entropy, counters, tls}, server,
                                                patience);
  }
  upstream::UpstreamGroup::Make make() {
    return [this](const config::Forward::Server& server) { return (*this)(server); };
  }

  std::chrono::milliseconds patience{1000};
  boost::asio::io_context loop;
  upstream::Entropy entropy;
  stats::WorkerCounters counters;
  upstream::TlsClient tls;
};

}  // namespace meridian::test
