#pragma once
// One server that questions are sent to: what we know of its health, and the channels to it. Belongs to one forwarder.

#include <array>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <meridian/config/config.hpp>
#include <meridian/stats/counters.hpp>

#include "upstream/channel.hpp"
#include "upstream/entropy.hpp"
#include "upstream/health.hpp"
#include "upstream/tls_client.hpp"

namespace meridian::upstream {

class Upstream {
 public:
  // What outlives it.
  struct Means {
    boost::asio::io_context& loop;
    Entropy& entropy;
    stats::WorkerCounters& counters;
    TlsClient& tls;
  };

  // `patience`: how long a reply is waited for after its question has been given up, so that late ones still tell us
  // that the server lives.
  Upstream(const Means& means, const config::Forward::Server& server, std::chrono::milliseconds patience);

  const config::Forward::Server& server() const { return server_; }
  const std::string& name() const { return name_; }  // "10.96.0.10:53"
  // What questions to it go over first.
  Transport transport() const { return server_.tls ? Transport::Tls : Transport::Udp; }
  const Health& health() const { return health_; }
  std::uint64_t queries() const { return queries_; }
  std::uint64_t failures() const { return failures_; }

  // As Health's, and with a line in the log when the server dies and when it is back.
  void replied(Health::Time sent, Health::Time now);
  void failed(Health::Time sent, Health::Time now);
  void refused(Health::Time now) { health_.refused(now); }
  void tried(Health::Time now) { health_.tried(now); }

  // Sends over the channel for this transport, which is made when it is first needed.
  std::uint16_t send(std::vector<std::uint8_t>& query, Transport transport, std::shared_ptr<Listener> listener);

 private:
  Channel& channel(Transport transport);

  const Means means_;
  const config::Forward::Server server_;
  const std::string name_;
  const std::chrono::milliseconds patience_;
  Health health_;
  std::uint64_t queries_ = 0;
  std::uint64_t failures_ = 0;
  std::array<std::unique_ptr<Channel>, 3> channels_;  // by transport
};

}  // namespace meridian::upstream
