#pragma once
// Questions over a TlsChannel on a loop of its own, for tests.

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <meridian/stats/counters.hpp>

#include "../kube/log_capture.hpp"
#include "../kube/scratch.hpp"
#include "upstream/certificates.hpp"
#include "upstream/tls_channel.hpp"
#include "upstream/tls_server.hpp"
#include "upstream/waiting.hpp"

namespace meridian::test {

struct TlsAsking {
  using Octets = std::vector<std::uint8_t>;

  TlsAsking() { trust(authority.certificate()); }

  void trust(const std::string& certificates) {
    config::Forward settings;
    settings.upstreams = {config::Forward::Server({}, "")};
    settings.tls_ca = scratch.write("ca.pem", certificates);
    tls.trust(settings);
  }
  // `name`: what stands behind # of the upstream.
  std::unique_ptr<upstream::TlsChannel> open(const config::Endpoint& server, const std::string& name = "dns.test",
                                             std::chrono::milliseconds patience = std::chrono::seconds(20),
                                             std::chrono::milliseconds idle = upstream::TlsChannel::kIdle) {
    return std::make_unique<upstream::TlsChannel>(loop, config::Forward::Server(server, name), patience, entropy,
                                                  counters, tls, idle);
  }
  static WaitingPtr send(upstream::TlsChannel& channel, WaitingPtr waiting = std::make_shared<Waiting>()) {
    waiting->query = {0,   0,   1, 0, 0, 1, 0, 0, 0, 0,  0, 1,   3, 'w', 'w', 'w', 4, 't', 'e',
                      's', 't', 0, 0, 1, 0, 1, 0, 0, 41, 4, 208, 0, 0,   0,   0,   0, 0};
    channel.send(waiting->query, waiting);
    return waiting;
  }
  // Asks, and waits for the end: "answered", or how it failed.
  std::string ask(upstream::TlsChannel& channel) {
    const auto waiting = send(channel);
    if (!run_until([&] { return waiting->ends == 1; })) return "no end";
    return end_of(*waiting);
  }
  static std::string end_of(const Waiting& waiting) {
    if (waiting.ends != 1) return "ended " + std::to_string(waiting.ends) + " times";
    if (!waiting.failure) return "answered";
    switch (*waiting.failure) {
      case upstream::Failure::TimedOut:
        return "timed out";
      case upstream::Failure::Unreachable:
        return "unreachable";
      case upstream::Failure::Rejected:
        return "rejected";
      case upstream::Failure::Busy:
        return "busy";
    }
    return "";
  }
  // Runs the loop until `condition` holds; false after a generous deadline.
  bool run_until(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!condition() && std::chrono::steady_clock::now() < deadline) {
      loop.restart();
      loop.run_one_for(std::chrono::milliseconds(20));
    }
    return condition();
  }

  const Authority authority;
  const Scratch scratch;
  const LogCapture log;
  boost::asio::io_context loop;
  upstream::Entropy entropy;
  stats::WorkerCounters counters;
  upstream::TlsClient tls;
};

}  // namespace meridian::test
