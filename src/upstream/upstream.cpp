#include "upstream/upstream.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "upstream/ares_channel.hpp"

namespace meridian::upstream {

Upstream::Upstream(boost::asio::io_context& loop, const config::Forward::Server& server,
                   std::chrono::milliseconds patience, Entropy& entropy)
    : loop_(loop), server_(server), name_(server.to_text()), patience_(patience), entropy_(entropy) {}

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
  auto& channel = transport == Transport::Udp ? udp() : tcp();
  return channel.send(query, std::move(listener));
}

Channel& Upstream::udp() {
  const auto idle =
      std::find_if(udp_.begin(), udp_.end(), [](const auto& channel) { return channel->in_flight() == 0; });
  if (idle != udp_.end()) return **idle;
  if (udp_.size() < kMostChannels) {
    udp_.push_back(std::make_unique<AresChannel>(loop_, server_.endpoint, Transport::Udp, patience_, entropy_));
    return *udp_.back();
  }
  return *udp_[entropy_.below(kMostChannels)];
}

Channel& Upstream::tcp() {
  if (!tcp_) tcp_ = std::make_unique<AresChannel>(loop_, server_.endpoint, Transport::Tcp, patience_, entropy_);
  return *tcp_;
}

}  // namespace meridian::upstream
