#include "server/settings.hpp"

#include <algorithm>
#include <limits>

#include "server/udp_batch.hpp"

namespace meridian::server {

SettingsPtr make_settings(const config::Config& config) {
  auto out = std::make_shared<Settings>();
  out->query.udp_payload =
      std::clamp<std::uint16_t>(config.limits.udp_payload, dns::kMinUdpPayload, UdpBatch::kMaxReply);
  out->query.forwarding = !config.forward.upstreams.empty() || !config.forward.zones.empty();
  const auto idle = config.limits.tcp_idle / std::chrono::milliseconds{100};  // RFC 7828, 3.1: units of 100 ms
  out->query.tcp_idle =
      static_cast<std::uint16_t>(std::clamp<decltype(idle)>(idle, 0, std::numeric_limits<std::uint16_t>::max()));
  out->query.version = config.identity.version;
  out->query.hostname = config.identity.hostname;
  out->query.nsid = config.identity.nsid;
  out->access = AccessLists{config.access};
  out->forward = config.forward;
  out->limits = config.limits;
  out->log_queries = config.log.queries;
  return out;
}

}  // namespace meridian::server
