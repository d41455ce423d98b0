#pragma once
// Questions that are not ours: from the cache, or from an upstream, with fail-over, inside one budget. One forwarder a
// worker; every call on the worker's loop.

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <meridian/config/config.hpp>
#include <meridian/dns/message.hpp>
#include <meridian/dns/reply.hpp>
#include <meridian/stats/counters.hpp>

#include "upstream/shared_state.hpp"

namespace meridian::upstream {

// How a forwarded question ended.
struct Result {
  const dns::Reply* reply = nullptr;  // checked, valid during the call; null: SERVFAIL
  // Without a reply or with a SERVFAIL: why. With another: where it comes from, if not from an upstream just now (RFC
  // 8914).
  std::optional<dns::ExtendedError> error;
  std::string_view upstream;          // who answered, or was asked last; "cache"; for the query log
  std::chrono::microseconds took{0};  // since it was asked
};

// Who waits for a forwarded question.
class Client {
 public:
  virtual ~Client() = default;
  // Its end. Called once, and then the client is destroyed.
  virtual void answered(const Result& result) = 0;
};
using ClientPtr = std::unique_ptr<Client>;

struct UpstreamState {
  std::string address;  // "10.96.0.10:53"
  std::string zone;     // the suffix it serves; "." for all else
  double rtt_ms = 0;    // smoothed; 0: not known yet
  bool up = true;       // false: its last attempts failed
  bool loop = false;    // what it is asked comes back to us: it is not used
  std::uint64_t queries = 0, failures = 0;
};

class Forwarder {
 public:
  using Time = std::chrono::steady_clock::time_point;

  Forwarder(boost::asio::io_context& loop, const config::Forward& settings, SharedState& shared,
            stats::WorkerCounters& counters);
  ~Forwarder();
  Forwarder(const Forwarder&) = delete;
  Forwarder& operator=(const Forwarder&) = delete;

  // What is known already; no allocation, but where it makes us ask again (prefetch). The result is valid until the
  // next call. nullopt: ask().
  std::optional<Result> cached(const dns::Query& query, Time now);
  // Asks an upstream for `query`'s question (copied), or waits for whoever has asked it already. The client is told
  // later, never from inside ask(), within settings.timeout; not after the forwarder is destroyed, which it must not do
  // itself. `. NS` has a budget of 500 ms, and fails at once when every upstream is known to be down.
  void ask(const dns::Query& query, Time now, ClientPtr client);
  // Questions in flight keep their old upstreams. What all workers share is configured by its owner.
  void reload(const config::Forward& settings);
  // The last act: clients of ours are told nothing any more; other workers, which wait for what we asked, that it
  // failed.
  void abandon();
  std::vector<UpstreamState> state() const;
  std::size_t in_flight() const;  // questions that wait for an end

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace meridian::upstream
