#pragma once
// One holder of a Lease among many replicas, as client-go's leaderelection does it, with its numbers: duration 15 s,
// renew deadline 10 s, retry 2 s (coordination.k8s.io/v1). A holder that is cut off stops before anybody can take over.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include <meridian/config/config.hpp>

#include "kube/api.hpp"

namespace meridian::kube {

struct LeaseName {
  std::string space, name;
};

// Control thread only.
class Lease {
 public:
  // `identity`: this process and no other, not even its own successor. `changed` is called, never from inside a call,
  // whenever held() became true, when it became false, and when another holder is seen.
  Lease(boost::asio::io_context& loop, Api& api, LeaseName name, std::string identity, config::Kubernetes::Lease times,
        std::function<void()> changed);
  ~Lease();  // stops

  void start();
  // Whether we may write at this moment: by the steady clock, since the last renewal was SENT less than `renew` passed.
  // Exact at every call, whatever timers did meanwhile (a stopped process that wakes up finds false).
  bool held() const;
  // Lets go so that others need not wait (an empty holderIdentity), and competes no more. SIGTERM. Never throws.
  boost::asio::awaitable<void> release();
  void stop();

  const std::string& identity() const;
  const std::string& holder() const;   // as last seen; empty: nobody
  const std::string& trouble() const;  // why the last try failed; empty: it did not

 private:
  struct Run;
  std::shared_ptr<Run> run_;
};

}  // namespace meridian::kube
