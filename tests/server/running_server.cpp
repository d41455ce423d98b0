#include "server/running_server.hpp"

#include <boost/asio/ip/address.hpp>
#include <system_error>

#include "support/zone_text.hpp"

namespace meridian::test {

config::Config quiet_config() {
  config::Config config;
  config.forward.upstreams.clear();
  return config;
}

config::Config forwarding_to(const FakeUpstream& upstream) {
  auto config = quiet_config();
  config.forward.upstreams = {upstream.endpoint()};
  config.forward.timeout = config.forward.attempt_timeout = std::chrono::seconds{20};
  return config;
}

RunningServer::RunningServer(std::string_view zone, const config::Config& config, unsigned workers,
                             std::string_view listen) {
  const auto zones = zones_from(zone);
  const auto settings = server::make_settings(config);
  auto sockets = server::bind_sockets({{boost::asio::ip::make_address(listen), 0}}, workers, bound_);
  for (unsigned i = 0; i < workers; ++i) {
    workers_.push_back(std::make_unique<server::Worker>(i, std::move(sockets[i]), zones, settings, home_.get_executor(),
                                                        admission_, forwarding_));
    workers_.back()->start();
  }
}

config::Endpoint RunningServer::at(std::string_view address) const {
  return {boost::asio::ip::make_address(address), bound_.front().port};
}

bool RunningServer::refuses_tcp() const {
  try {
    TcpClient probe(endpoint());
    return false;
  } catch (const std::system_error&) {
    return true;
  }
}

}  // namespace meridian::test
