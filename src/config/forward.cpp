// Questions that are not ours: to whom, and within which limits.

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

// Accepted and checked, so that a file for a later version is worth something here, but nothing of it is kept.
void read_cache(const Value& value) {
  std::uint64_t octets = 64u << 20;
  milliseconds max_ttl = std::chrono::hours(1), min_ttl{0}, negative{60'000}, stale = std::chrono::hours(1);
  bool prefetch = true;
  Section keys(value);
  keys.read("size", octets, size(1u << 10, 1ull << 40));
  keys.read("max-ttl", max_ttl, whole_seconds(seconds(1), kLongestTtl));
  keys.read("min-ttl", min_ttl, whole_seconds(seconds(0), kLongestTtl));
  keys.read("negative-max-ttl", negative, whole_seconds(seconds(0), kLongestTtl));
  keys.read("serve-stale", stale, whole_seconds(seconds(0), kLongestTtl));
  keys.read("prefetch", prefetch, boolean());
  keys.finish();
  auto& report = value.report();
  check_order({"forward.cache.min-ttl", min_ttl}, {"forward.cache.max-ttl", max_ttl}, report);
  report.warning(value.place(), "forward.cache has no effect: this version forwards without a cache");
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

}  // namespace

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
  if (const auto cache = keys.take("cache")) read_cache(*cache);
  keys.finish();
}

void check_forward(const Config& config, Report& report) {
  check_order({"forward.attempt-timeout", config.forward.attempt_timeout}, {"forward.timeout", config.forward.timeout},
              report);
}

}  // namespace meridian::config
