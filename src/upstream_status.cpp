#include "upstream_status.hpp"

#include <algorithm>

namespace meridian {
namespace {

struct Gathered {
  std::size_t waiting;  // for so many workers
  std::vector<control::UpstreamStatus> all;
  std::vector<std::uint64_t> most;  // queries of the worker whose RTT stands in all[i]
};

void add(Gathered& gathered, const upstream::UpstreamState& one) {
  const auto known = std::ranges::find_if(
      gathered.all, [&](const auto& status) { return status.address == one.address && status.zone == one.zone; });
  if (known == gathered.all.end()) {
    gathered.all.push_back({one.address, one.zone, one.rtt_ms, one.up, one.loop, one.queries, one.failures});
    gathered.most.push_back(one.queries);
    return;
  }
  auto& most = gathered.most[static_cast<std::size_t>(known - gathered.all.begin())];
  if (one.queries > most) {
    most = one.queries;
    known->rtt_ms = one.rtt_ms;
  }
  known->up = known->up && one.up;
  known->loop = known->loop || one.loop;
  known->queries += one.queries;
  known->failures += one.failures;
}

}  // namespace

void gather_upstreams(const std::vector<std::unique_ptr<server::Worker>>& workers,
                      std::function<void(std::vector<control::UpstreamStatus>)> done) {
  const auto gathered = std::make_shared<Gathered>(Gathered{workers.size(), {}, {}});
  for (const auto& worker : workers) {
    worker->upstreams([gathered, done](const std::vector<upstream::UpstreamState>& states) {
      for (const auto& state : states) add(*gathered, state);
      if (--gathered->waiting == 0) done(std::move(gathered->all));
    });
  }
}

}  // namespace meridian
