// Any text as a configuration. Beyond what the sanitizers see: problems are one line each, stand in the file, and come
// in its order; a configuration without errors has what the rest of the program relies on.

#include <algorithm>
#include <meridian/config/config.hpp>
#include <string_view>
#include <utility>

#include "require.hpp"

using namespace meridian;
using fuzz::require;

namespace {

void check(const std::vector<config::Problem>& problems, std::size_t lines) {
  for (const auto& problem : problems) {
    require(
        std::none_of(problem.text.begin(), problem.text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }),
        "a problem is one line of text");
    require(problem.line <= lines, "a problem stands in the file");
    require((problem.line == 0) == (problem.column == 0), "a problem has a line and a column, or neither");
  }
  require(std::is_sorted(
              problems.begin(), problems.end(),
              [](const auto& a, const auto& b) { return std::pair(a.line, a.column) < std::pair(b.line, b.column); }),
          "problems are in the order of the file");
}

void check(const config::Config& config) {
  require(!config.listen.empty(), "there is an address to listen on");
  require(!config.zones.empty() || config.serve_hosts == config::Config::ServeHosts::Any,
          "there is something to answer");
  require(!config.sources.empty(), "there is a source");
  for (const auto& zone : config.zones) {
    require(!zone.name.empty() && zone.name.size() <= 253 && !zone.name.ends_with('.'), "a zone has a name");
    require(config.vip.quarantine >= 2 * zone.ttl, "quarantine outlives every cache");
  }
  for (const auto& source : config.sources) {
    require(!source.name.empty(), "a source has a name");
    require(source.files.empty() == source.kubernetes.has_value(), "a source is either files or kubernetes");
    if (!source.kubernetes) continue;
    const auto& lease = source.kubernetes->lease;
    require(lease.duration > lease.renew && lease.renew > lease.retry && lease.retry >= std::chrono::seconds(1),
            "a holder stops before another begins");
  }
  const auto is_cluster = [](const auto& source) { return source.kubernetes.has_value(); };
  if (const auto& ledger = config.vip.ledger) {
    require(std::any_of(config.sources.begin(), config.sources.end(),
                        [&](const auto& source) { return is_cluster(source) && source.name == ledger->source; }),
            "a ledger in Kubernetes is in the cluster of a source");
    require(!ledger->space.empty() && !ledger->name.empty(), "a ledger in Kubernetes has a name");
  }
  require(config.vip.write_back == config::Vip::WriteBack::None || config.vip.ledger, "one replica writes back");
  require(!config.vip.exclude_admiral || std::any_of(config.sources.begin(), config.sources.end(), is_cluster),
          "Admiral's addresses are in some cluster");
  for (std::size_t i = 0; i < config.vip.pools.size(); ++i)
    for (std::size_t j = 0; j < i && i < 100; ++j)
      require(!config.vip.pools[i].contains(config.vip.pools[j]) && !config.vip.pools[j].contains(config.vip.pools[i]),
              "pools are disjoint");
  require(config.forward.attempt_timeout <= config.forward.timeout, "an attempt fits into the whole");
  require(config.limits.udp_payload >= 512 && config.limits.udp_payload <= 4096, "payloads are sensible");
  require(config.mass_delete_guard <= 100, "the guard is a percentage");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto loaded = config::parse(text, "fuzz.yaml");
  // YAML ends a line at a carriage return, too.
  const auto lines =
      static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r'; }));
  check(loaded.errors, lines + 2);
  check(loaded.warnings, lines + 2);
  if (loaded.errors.empty()) check(loaded.config);
  return 0;
}
