// Questions that are not ours: to whom, and within which limits.

#include <algorithm>
#include <set>

#include "sections.hpp"

namespace meridian::config {
namespace {

struct Limit {
  std::string_view path;
  milliseconds value;
};

void check_order(Limit low, Limit high, Report& report) {
  if (low.value <= high.value || !report.sound(low.path) || !report.sound(high.path)) return;
  report.error(low.path, report.blame({low.path, high.path}),
               std::string(low.path) + ": " + to_text(low.value) + " is above " + std::string(high.path) + ", " +
                   to_text(high.value) + "; expected no more than that");
}

// Well within what the cache can count to: 64 shards of 4 GiB.
Form<std::uint64_t> cache_size() {
  auto form = size(64u << 10, 64ull << 30);
  return {form.expected + ", or 0 for no cache",
          [parse = std::move(form.parse)](std::string_view text) -> std::optional<std::uint64_t> {
            if (text == "0") return 0;
            return parse(text);
          }};
}

void read_cache(const Value& value, Forward::Cache& cache) {
  Section keys(value);
  keys.read("size", cache.size, cache_size());
  keys.read("max-ttl", cache.max_ttl, whole_seconds(seconds(1), kLongestTtl));
  keys.read("min-ttl", cache.min_ttl, whole_seconds(seconds(0), kLongestTtl));
  keys.read("negative-max-ttl", cache.negative_max_ttl, whole_seconds(seconds(0), kLongestTtl));
  keys.read("serve-stale", cache.serve_stale, whole_seconds(seconds(0), kLongestTtl));
  keys.read("prefetch", cache.prefetch, boolean());
  keys.finish();
}

void read_forward_zones(const Value& value, Forward& forward) {
  Section names(value);
  std::set<std::string> seen;
  for (const auto& [name, upstreams] : names.take_rest()) {
    const auto suffix = name.as(domain());
    if (!suffix) continue;
    if (!seen.insert(*suffix).second) {
      name.error(*suffix + " is here twice, spelled differently; expected each zone once");
      continue;
    }
    const auto list = upstreams.under(value.path() + "." + *suffix);
    auto& zone = forward.zones.emplace_back(*suffix, std::vector<Forward::Upstream>());
    const bool is_list = Section::read_elements(list, zone.second, upstream());
    if (is_list && zone.second.empty() && value.report().sound(list.path())) {
      list.error("is empty; expected at least one upstream, or the zone left out");
    }
  }
}

void check_tls(const Forward& forward, Report& report) {
  const auto written = report.written("forward.tls-ca");
  if (written && !forward.tls_ca.empty() && !forward.uses_tls())
    report.warning(*written, "forward.tls-ca has no effect: no upstream begins with tls://");
}

}  // namespace

bool Forward::uses_tls() const {
  const auto over_tls = [](const Upstream& upstream) {
    const auto* server = std::get_if<Server>(&upstream);
    return server && server->tls;
  };
  return std::any_of(upstreams.begin(), upstreams.end(), over_tls) ||
         std::any_of(zones.begin(), zones.end(),
                     [&](const auto& zone) { return std::any_of(zone.second.begin(), zone.second.end(), over_tls); });
}

void read_forward(Section& top, Forward& forward) {
  const auto section = top.take("forward");
  if (!section) return;
  Section keys(*section);
  keys.read_list("upstreams", forward.upstreams, upstream());
  if (const auto zones = keys.take("zones")) read_forward_zones(*zones, forward);
  keys.read("policy", forward.policy,
            one_of<Forward::Policy>({{"fastest", Forward::Policy::Fastest},
                                     {"sequential", Forward::Policy::Sequential},
                                     {"random", Forward::Policy::Random},
                                     {"round-robin", Forward::Policy::RoundRobin}}));
  keys.read("timeout", forward.timeout, duration(milliseconds(1), std::chrono::hours(1)));
  keys.read("attempt-timeout", forward.attempt_timeout, duration(milliseconds(1), std::chrono::hours(1)));
  keys.read("max-in-flight", forward.max_in_flight, integer(1, 1'000'000));
  keys.read("case-randomization", forward.case_randomization, boolean());
  keys.read("tls-ca", forward.tls_ca, text(4096, "the path of a file, or \"\" for the authorities of the system"));
  if (const auto cache = keys.take("cache")) read_cache(*cache, forward.cache);
  keys.finish();
}

void check_forward(const Config& config, Report& report) {
  check_order({"forward.attempt-timeout", config.forward.attempt_timeout}, {"forward.timeout", config.forward.timeout},
              report);
  check_order({"forward.cache.min-ttl", config.forward.cache.min_ttl},
              {"forward.cache.max-ttl", config.forward.cache.max_ttl}, report);
  check_tls(config.forward, report);
}

}  // namespace meridian::config
