#pragma once
// What control needs of the workers, as functions: the two rooms never meet, main joins them here.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <meridian/config/config.hpp>
#include <meridian/dns/name.hpp>
#include <meridian/stats/counters.hpp>
#include <meridian/zone/zone.hpp>

namespace meridian::control {

using ZonePtr = std::shared_ptr<const zone::ZoneSet>;

// One upstream as the workers see it, gathered over all of them.
struct UpstreamStatus {
  std::string address;
  std::string zone;   // the suffix it serves; "." for all else
  double rtt_ms = 0;  // smoothed, of the worker that asked it most; 0: not known
  bool up = true;     // no worker holds it for dead
  bool loop = false;  // what it is asked comes back to us: it is not used
  std::uint64_t queries = 0, failures = 0;
};

// The cache of forwarded questions.
struct CacheStatus {
  std::size_t replies = 0, octets = 0, limit = 0;  // limit 0: there is no cache
  std::uint64_t evictions = 0;
};

// Functions to be called on the control thread; what they call back comes on the control thread too.
struct Frontend {
  // Every worker answers from `zones` from now on; `adopted` is called when the last one does.
  std::function<void(ZonePtr zones, std::function<void()> adopted)> publish;
  // A reload: what of the configuration the workers use.
  std::function<void(const config::Config&)> apply;
  std::function<void(std::function<void(std::vector<UpstreamStatus>)>)> upstreams;
  std::function<CacheStatus()> cache = [] { return CacheStatus{}; };
  // Forgets what is kept of a name, and with `below` of all names under it; without a name, everything. Returns how
  // many replies went.
  std::function<std::size_t(const dns::Name* name, bool below)> flush = [](const dns::Name*, bool) { return 0u; };
  std::vector<config::Endpoint> bound;                 // the listening addresses, with their ports
  std::vector<const stats::WorkerCounters*> counters;  // one a worker; they live as long as the workers
};

}  // namespace meridian::control
