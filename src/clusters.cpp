#include "clusters.hpp"

#include <algorithm>
#include <boost/asio/ip/host_name.hpp>
#include <cstdint>
#include <cstdio>
#include <random>

#include "ledger/kube_ledger.hpp"
#include "ledger/sqlite_ledger.hpp"

namespace meridian {
namespace {

const config::Source& named(const config::Config& config, const std::string& name) {
  return *std::ranges::find(config.sources, name, &config::Source::name);  // the configuration is checked
}

}  // namespace

std::string process_identity() {
  std::random_device random;
  char text[2 * 16 + 2];
  std::snprintf(text, sizeof text, "_%08x%08x", random(), random());
  boost::system::error_code unknown;
  return boost::asio::ip::host_name(unknown) + text;
}

Clusters::Clusters(boost::asio::io_context& loop, const config::Config& config) {
  if (const auto& asked = config.vip.ledger) {
    ledger = std::make_unique<kube::Api>(loop, *named(config, asked->source).kubernetes);
  }
  if (config.vip.exclude_admiral) {
    const auto first = std::ranges::find_if(config.sources, [](const auto& it) { return it.kubernetes.has_value(); });
    admiral = std::make_unique<kube::Api>(loop, *first->kubernetes);
  }
}

void Clusters::stop() {
  for (const auto* api : {&ledger, &admiral}) {
    if (*api) (*api)->stop();
  }
}

std::unique_ptr<ledger::Ledger> make_ledger(boost::asio::io_context& loop, boost::asio::thread_pool& disk,
                                            const config::Config& config, const Clusters& clusters,
                                            const std::string& identity) {
  if (!config.vip.ledger) return ledger::make_sqlite_ledger(disk, config.state / "vips.db");
  return ledger::make_kube_ledger(loop, *clusters.ledger, *config.vip.ledger,
                                  named(config, config.vip.ledger->source).kubernetes->lease, identity,
                                  ledger::make_sqlite_ledger(disk, config.state / "vips-mirror.db"),
                                  config.vip.write_back == config::Vip::WriteBack::Spec);
}

}  // namespace meridian
