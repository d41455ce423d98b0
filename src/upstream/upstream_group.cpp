#include "upstream/upstream_group.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "upstream/resolv_conf.hpp"

namespace meridian::upstream {

namespace {

constexpr Health::Duration kNever = std::chrono::hours(24 * 365 * 100);

// Servers that answer, then those that refuse, then those that failed.
int rank(const UpstreamPtr& server) {
  return server->health().suspect() ? 2 : server->health().refusing() ? 1 : 0;
}

Health::Duration distance(const UpstreamPtr& server) {
  const auto rtt = server->health().rtt();
  return rtt == Health::Duration::zero() ? kNever : rtt;
}

}  // namespace

UpstreamGroup::UpstreamGroup(std::string zone, const std::vector<config::Forward::Upstream>& sources,
                             config::Forward::Policy policy, Make make, Entropy& entropy, const UpstreamGroup* previous)
    : zone_(std::move(zone)), policy_(policy), make_(std::move(make)), entropy_(entropy) {
  for (const auto& source : sources) {
    if (const auto* server = std::get_if<config::Forward::Server>(&source))
      parts_.push_back({*server, {*server}});
    else
      parts_.push_back({ResolvConfWatch(std::get<std::filesystem::path>(source)), {}});
  }
  read_changed_files(Health::Clock::now());
  rebuild(previous ? previous->servers_ : std::vector<UpstreamPtr>{});
}

UpstreamGroup::Choice UpstreamGroup::choose(Health::Time now) {
  if (read_changed_files(now)) rebuild(std::exchange(servers_, {}));
  Choice choice{servers_, nullptr};
  auto& order = choice.order;
  if (order.size() < 2) return choice;
  order_by_policy(order);
  std::stable_sort(order.begin(), order.end(), [](const auto& a, const auto& b) { return rank(a) < rank(b); });

  // A copy of a real question goes to one that is not in use, so that finding out costs nobody any time.
  const auto stale = policy_ == config::Forward::Policy::Fastest ? kStaleRtt : kNever;
  const auto due = std::find_if(order.begin() + 1, order.end(),
                                [&](const auto& server) { return server->health().due(now, stale); });
  if (due != order.end() && rank(order.front()) < 2) {
    choice.probe = *due;
    choice.probe->tried(now);
  }
  return choice;
}

bool UpstreamGroup::dead() const {
  return !servers_.empty() &&
         std::all_of(servers_.begin(), servers_.end(), [](const auto& server) { return server->health().dead(); });
}

bool UpstreamGroup::read_changed_files(Health::Time now) {
  bool changed = false;
  for (auto& part : parts_) {
    auto* watch = std::get_if<ResolvConfWatch>(&part.source);
    if (!watch || !watch->changed(now)) continue;
    const auto endpoints = read_resolv_conf(watch->file());
    if (endpoints.empty()) {
      spdlog::warn("{}: no nameserver in it; {} known ones stay", watch->file().native(), part.endpoints.size());
      continue;
    }
    part.endpoints.assign(endpoints.begin(), endpoints.end());
    changed = true;
  }
  return changed;
}

void UpstreamGroup::rebuild(const std::vector<UpstreamPtr>& known) {
  const auto of = [](const std::vector<UpstreamPtr>& list, const config::Forward::Server& endpoint) {
    const auto found = std::find_if(list.begin(), list.end(), [&](const auto& s) { return s->server() == endpoint; });
    return found == list.end() ? nullptr : *found;
  };
  std::vector<UpstreamPtr> servers;
  for (const auto& part : parts_) {
    for (const auto& endpoint : part.endpoints) {
      if (of(servers, endpoint)) continue;
      const auto old = of(known, endpoint);
      servers.push_back(old ? old : make_(endpoint));
    }
  }
  servers_ = std::move(servers);
}

void UpstreamGroup::order_by_policy(std::vector<UpstreamPtr>& order) {
  switch (policy_) {
    case config::Forward::Policy::Sequential:
      return;
    case config::Forward::Policy::Fastest:
      // Unknown ones last: a copy of the next question measures them, and a dead one would cost its time-out.
      std::stable_sort(order.begin(), order.end(),
                       [](const auto& a, const auto& b) { return distance(a) < distance(b); });
      return;
    case config::Forward::Policy::Random:
      for (std::size_t i = order.size() - 1; i > 0; --i)
        std::swap(order[i], order[entropy_.below(static_cast<std::uint32_t>(i + 1))]);
      return;
    case config::Forward::Policy::RoundRobin:
      std::rotate(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(turn_++ % order.size()), order.end());
      return;
  }
}

}  // namespace meridian::upstream
