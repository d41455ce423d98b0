#pragma once
// One server that questions are sent to: what we know of its health, and the channels to it. Belongs to one forwarder.

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <meridian/config/config.hpp>

#include "upstream/channel.hpp"
#include "upstream/entropy.hpp"
#include "upstream/health.hpp"

namespace meridian::upstream {

class Upstream {
 public:
  // `patience`: how long a reply is waited for after its question has been given up, so that late ones still tell us
  // that the server lives. `entropy` must outlive this.
  Upstream(boost::asio::io_context& loop, const config::Forward::Server& server, std::chrono::milliseconds patience,
           Entropy& entropy);

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

  // Sends over a channel of its choice. UDP: an idle one, so that the question has a port of its own, opening up to
  // kMostChannels; when all are busy, one at random. So up to kMostChannels questions in flight each have a port that
  // nobody can guess; beyond them a question shares its port with others and is protected by its id (and its case).
  std::uint16_t send(std::vector<std::uint8_t>& query, Transport transport, std::shared_ptr<Listener> listener);

  // Each takes a descriptor while it is busy, and 72 KB for c-ares' tables, busy or not.
  static constexpr std::size_t kMostChannels = 32;

 private:
  Channel& udp();
  Channel& tcp();

  boost::asio::io_context& loop_;
  const config::Forward::Server server_;
  const std::string name_;
  const std::chrono::milliseconds patience_;
  Entropy& entropy_;
  Health health_;
  std::uint64_t queries_ = 0;
  std::uint64_t failures_ = 0;
  std::vector<std::unique_ptr<Channel>> udp_;
  std::unique_ptr<Channel> tcp_;
};

}  // namespace meridian::upstream
