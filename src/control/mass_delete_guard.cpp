#include "control/mass_delete_guard.hpp"

namespace meridian::control {

bool MassDeleteGuard::allow(const HostCounts& dropped, const HostCounts& present, Clock::time_point now) {
  for (; !recent_.empty() && now - recent_.front().at > kWindow; recent_.pop_front()) {
    gone_[recent_.front().zone] -= recent_.front().hosts;
  }
  for (const auto& [zone, hosts] : dropped) {
    const std::size_t gone = gone_[zone];
    const auto here = present.find(zone);
    const std::size_t before = gone + (here == present.end() ? 0 : here->second);
    if (percent_ == 0 || before < kSmallestZone) continue;
    if ((gone + hosts) * 100 > before * percent_) return false;
  }
  for (const auto& [zone, hosts] : dropped) {
    recent_.push_back({now, zone, hosts});
    gone_[zone] += hosts;
  }
  return true;
}

}  // namespace meridian::control
