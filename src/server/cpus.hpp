#pragma once
// How many workers `workers: 0` means.

namespace meridian::server {

// CPUs that this process may use: its affinity, and the quota of its cgroup rounded up (v2 cpu.max, v1
// cpu.cfs_quota_us); at least 1. Blocking, small; any thread.
unsigned usable_cpus();

}  // namespace meridian::server
