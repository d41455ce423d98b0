#pragma once
// A forwarder on a loop of its own, and questions to it, for tests.

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <meridian/config/config.hpp>
#include <meridian/dns/name.hpp>
#include <meridian/stats/counters.hpp>

#include "upstream/forwarder.hpp"

namespace meridian::test {

// Upstreams in this order, tried again soon, in a budget that a busy machine does not use up; no resolv.conf.
inline config::Forward forward_to(const std::vector<config::Endpoint>& servers) {
  config::Forward forward;
  forward.upstreams.assign(servers.begin(), servers.end());
  forward.policy = config::Forward::Policy::Sequential;
  forward.timeout = std::chrono::seconds(15);
  forward.attempt_timeout = std::chrono::milliseconds(100);
  return forward;
}

struct Flags {
  bool checking_disabled = false, dnssec_ok = false;
};

class Asking {
 private:
  std::unique_ptr<upstream::SharedState> own_;

 public:
  explicit Asking(const config::Forward& settings);
  Asking(const config::Forward& settings, upstream::SharedState& with);  // another worker's, which it outlives

  // "NOERROR 192.0.2.1", "NOERROR tc", "SERVFAIL", "error 23", behind it "stale" where it is: how the question ended.
  // Runs the loop until then.
  std::string ask(const std::string& name, dns::Type type = dns::Type::A);
  // Asks and returns at once; the end is appended to `ends` when the loop runs.
  void begin(const std::string& name, std::vector<std::string>& ends, dns::Type type = dns::Type::A, Flags flags = {});
  // The same, of what is known already; "unknown" if nothing is.
  std::string known(const std::string& name, dns::Type type = dns::Type::A);
  // Runs the loop until `condition` holds; false after a generous deadline.
  bool run_until(const std::function<bool()>& condition);

  boost::asio::io_context loop;
  upstream::SharedState& shared;
  stats::WorkerCounters counters;
  std::optional<upstream::Forwarder> forwarder;
};

}  // namespace meridian::test
