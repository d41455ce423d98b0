#pragma once
// Questions that are not ours: to an upstream, with fail-over, inside one budget. One forwarder a worker; every call on
// the worker's loop.

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <meridian/config/config.hpp>
#include <meridian/dns/message.hpp>
#include <meridian/dns/reply.hpp>
#include <meridian/stats/counters.hpp>

namespace meridian::upstream {

// How a forwarded question ended.
struct Result {
  const dns::Reply* reply = nullptr;                            // checked, valid during the call; null: failed
  dns::ExtendedError error = dns::ExtendedError::NetworkError;  // if it failed: why
  std::string upstream;                                         // who answered, or was asked last; for the query log
};

struct UpstreamState {
  std::string address;  // "10.96.0.10:53"
  std::string zone;     // the suffix it serves; "." for all else
  double rtt_ms = 0;    // smoothed; 0: not known yet
  bool up = true;       // false: its last attempts failed
  bool loop = false;    // what it is asked comes back to us: it is not used
  std::uint64_t queries = 0, failures = 0;
};

// Questions in flight of all workers together: the one thing they share (relaxed atomic).
struct InFlight {
  std::atomic<std::uint32_t> count{0};
};

class Forwarder {
 public:
  using Done = std::function<void(const Result&)>;

  Forwarder(boost::asio::io_context& loop, const config::Forward& settings, InFlight& in_flight,
            stats::WorkerCounters& counters);
  ~Forwarder();
  Forwarder(const Forwarder&) = delete;
  Forwarder& operator=(const Forwarder&) = delete;

  // Asks an upstream for `query`'s question (copied). `done` is called exactly once, later, never from inside ask(),
  // within settings.timeout; not after the forwarder is destroyed. `. NS` has a budget of 500 ms, and fails at once
  // when every upstream is known to be down.
  void ask(const dns::Query& query, Done done);
  // Questions in flight keep their old upstreams.
  void reload(const config::Forward& settings);
  std::vector<UpstreamState> state() const;
  std::uint32_t in_flight() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace meridian::upstream
