#include "upstream/forward_zones.hpp"

#include <span>

namespace meridian::upstream {

namespace {

std::string_view as_text(std::span<const std::uint8_t> octets) {
  return {reinterpret_cast<const char*>(octets.data()), octets.size()};
}

}  // namespace

ForwardZones::ForwardZones(const config::Forward& settings, const Means& means, const ForwardZones* previous) {
  add(".", settings.upstreams, settings.policy, means, previous);
  for (const auto& [zone, upstreams] : settings.zones) add(zone, upstreams, settings.policy, means, previous);
  root_ = groups_.find(std::string(1, '\0'))->second.get();
}

void ForwardZones::add(const std::string& zone, const std::vector<config::Forward::Upstream>& upstreams,
                       config::Forward::Policy policy, const Means& means, const ForwardZones* previous) {
  const auto name = dns::Name::from_text(zone);
  if (!name) return;  // the configuration has refused it already
  const std::string key(as_text(name->folded().wire()));
  const UpstreamGroup* before = nullptr;
  if (previous) {
    const auto found = previous->groups_.find(key);
    if (found != previous->groups_.end()) before = found->second.get();
  }
  groups_[key] = std::make_unique<UpstreamGroup>(name->to_text(), upstreams, policy, means.make, means.entropy, before,
                                                 means.is_ours, means.watch_loop);
}

UpstreamGroup& ForwardZones::group_of(const dns::FoldedName& name) {
  if (groups_.size() == 1) return *root_;
  for (unsigned skip = 0; skip < name.labels; ++skip) {
    const auto found = groups_.find(as_text(name.suffix(skip)));
    if (found != groups_.end()) return *found->second;
  }
  return *root_;
}

}  // namespace meridian::upstream
