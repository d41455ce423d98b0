#include "upstream/upstream.hpp"

#include <spdlog/spdlog.h>

#include <utility>

#include "upstream/ares_channel.hpp"
#include "upstream/tls_channel.hpp"

namespace meridian::upstream {

Upstream::Upstream(const Means& means, const config::Forward::Server& server, std::chrono::milliseconds patience)
    : means_(means), server_(server), name_(server.to_text()), patience_(patience) {}

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
  auto& made = channels_[static_cast<std::size_t>(transport)];
  auto& [loop, entropy, counters, tls] = means_;
  if (!made && transport == Transport::Tls) {
    made = std::make_unique<TlsChannel>(loop, server_, patience_, entropy, counters, tls);
  } else if (!made) {
    made = std::make_unique<AresChannel>(loop, server_.endpoint, transport, patience_, entropy, counters);
  }
  return *made;
}

}  // namespace meridian::upstream
