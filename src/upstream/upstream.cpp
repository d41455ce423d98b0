#include "upstream/upstream.hpp"

#include <spdlog/spdlog.h>

#include <utility>

#include "upstream/ares_channel.hpp"

namespace meridian::upstream {

Upstream::Upstream(boost::asio::io_context& loop, const config::Forward::Server& server,
                   std::chrono::milliseconds patience, Entropy& entropy, stats::WorkerCounters& counters)
    : loop_(loop),
      server_(server),
      name_(server.to_text()),
      patience_(patience),
      entropy_(entropy),
      counters_(counters) {}

void Upstream::replied(Health::Time sent, Health::Time now) {
  if (health_.dead()) spdlog::info("upstream {}: answers again", name_);
  health_.replied(sent, now);
}

void Upstream::failed(Health::Time sent, Health::Time now) {
  const bool was_dead = health_.dead();
  ++failures_;
  health_.failed(sent, now);
  if (!was_dead && health_.dead())
    spdlog::warn("upstream {}: no reply to {} attempts in a row", name_, Health::kDeadAfter);
}

std::uint16_t Upstream::send(std::vector<std::uint8_t>& query, Transport transport,
                             std::shared_ptr<Listener> listener) {
  ++queries_;
  return channel(transport).send(query, std::move(listener));
}

Channel& Upstream::channel(Transport transport) {
  const bool udp = transport == Transport::Udp;
  auto& made = udp ? udp_ : tcp_;
  if (!made)
    made = std::make_unique<AresChannel>(loop_, server_.endpoint, udp ? Transport::Udp : Transport::Tcp, patience_,
                                         entropy_, counters_);
  return *made;
}

}  // namespace meridian::upstream
