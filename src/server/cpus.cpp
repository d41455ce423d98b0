#include "server/cpus.hpp"

#include <sched.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <optional>
#include <string>

namespace meridian::server {
namespace {

std::optional<double> quota_v2() {
  std::ifstream in("/sys/fs/cgroup/cpu.max");  // "200000 100000", or "max 100000"
  std::string quota;
  double period = 0;
  if (!(in >> quota >> period) || quota == "max" || period <= 0) return std::nullopt;
  return std::stod(quota) / period;
}

std::optional<double> quota_v1() {
  double quota = 0, period = 0;
  std::ifstream("/sys/fs/cgroup/cpu/cpu.cfs_quota_us") >> quota;
  std::ifstream("/sys/fs/cgroup/cpu/cpu.cfs_period_us") >> period;
  if (quota <= 0 || period <= 0) return std::nullopt;
  return quota / period;
}

}  // namespace

unsigned usable_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  unsigned cpus = 1;
  if (sched_getaffinity(0, sizeof set, &set) == 0) cpus = static_cast<unsigned>(CPU_COUNT(&set));
  auto quota = quota_v2();
  if (!quota) quota = quota_v1();
  if (quota) cpus = std::min(cpus, static_cast<unsigned>(std::ceil(*quota)));
  return std::max(cpus, 1u);
}

}  // namespace meridian::server
