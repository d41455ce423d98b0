#pragma once
// One server that questions are sent to: what we know of its health, and the channels to it. Belongs to one forwarder.

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

namespace meridian::upstream {

class Upstream {
 public:
  // `patience`: how long a reply is waited for after its question has been given up, so that late ones still tell us
  // that the server lives. `entropy` and `counters` must outlive this.
  Upstream(boost::asio::io_context& loop, const config::Forward::Server& server, std::chrono::milliseconds patience,
           Entropy& entropy, stats::WorkerCounters& counters);

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

  boost::asio::io_context& loop_;
  const config::Forward::Server server_;
  const std::string name_;
  const std::chrono::milliseconds patience_;
  Entropy& entropy_;
  stats::WorkerCounters& counters_;
  Health health_;
  std::uint64_t queries_ = 0;
  std::uint64_t failures_ = 0;
  std::unique_ptr<Channel> udp_;
  std::unique_ptr<Channel> tcp_;
};

}  // namespace meridian::upstream
