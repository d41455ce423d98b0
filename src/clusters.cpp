#include "clusters.hpp"

#include <spdlog/spdlog.h>

#include <boost/asio/ip/host_name.hpp>
#include <cstdio>
#include <filesystem>
#include <random>

#include "config/source_lookup.hpp"
#include "ledger/kube_ledger.hpp"
#include "ledger/sqlite_ledger.hpp"

namespace meridian {
namespace {

// Who moves from a ledger of its own to a shared one brings its VIPs along: they are what it knows of a ledger that
// nobody has made yet.
std::filesystem::path mirror_file(const std::filesystem::path& state) {
  const auto mirror = state / "vips-mirror.db", own = state / "vips.db";
  std::error_code error;
  if (std::filesystem::exists(mirror, error) || !std::filesystem::exists(own, error)) return mirror;
  for (const char* part : {"-wal", ""}) {  // the file itself last: with it the copy is complete
    const auto from = own.string() + part;
    if (!std::filesystem::exists(from, error)) continue;
    std::filesystem::copy_file(from, mirror.string() + part, std::filesystem::copy_options::overwrite_existing, error);
    if (error) break;
  }
  if (error) {
    spdlog::warn("{} can't be copied to {}: {}; VIPs of the ledger in it are not known to the shared one", own.string(),
                 mirror.string(), error.message());
  } else {
    spdlog::info("the VIPs of {} are what a shared ledger that does not exist yet begins with", own.string());
  }
  return mirror;
}

}  // namespace

std::string process_identity() {
  std::random_device random;
  char text[2 * 16 + 2];
  std::snprintf(text, sizeof text, "_%08x%08x", random(), random());
  boost::system::error_code unknown;
  return boost::asio::ip::host_name(unknown) + text;
}

// The configuration is checked: what its keys name is there.
Clusters::Clusters(boost::asio::io_context& loop, const config::Config& config) {
  if (const auto& asked = config.vip.ledger) {
    ledger = std::make_unique<kube::Api>(loop, *config::find_source(config, asked->source)->kubernetes);
  }
  if (config.vip.exclude_admiral) {
    admiral = std::make_unique<kube::Api>(loop, *config::first_cluster(config)->kubernetes);
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
                                  config::find_source(config, config.vip.ledger->source)->kubernetes->lease, identity,
                                  ledger::make_sqlite_ledger(disk, mirror_file(config.state)),
                                  config.vip.write_back == config::Vip::WriteBack::Spec);
}

}  // namespace meridian
