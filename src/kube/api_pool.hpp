#pragma once
// Connections that wait for the next request: a few, and not for long, for servers close theirs after a while and a
// request that crosses such an end is lost.

#include <algorithm>
#include <chrono>
#include <deque>
#include <memory>

#include "kube/api_connection.hpp"

namespace meridian::kube {

class ApiPool {
 public:
  using Clock = ApiConnection::Clock;

  // The one that was used last, to the same server in the same way; or nothing.
  std::unique_ptr<ApiConnection> take(const std::shared_ptr<const Dial>& dial) {
    prune();
    while (!kept_.empty()) {
      auto connection = std::move(kept_.back().connection);
      kept_.pop_back();
      if (connection->dial() == dial && connection->idles_well()) return connection;
    }
    return nullptr;
  }
  void put(std::unique_ptr<ApiConnection> connection) {
    if (!connection) return;
    kept_.push_back({std::move(connection), Clock::now()});
    if (kept_.size() > kMost) kept_.pop_front();
    prune();
  }
  void clear() { kept_.clear(); }

 private:
  struct Kept {
    std::unique_ptr<ApiConnection> connection;
    Clock::time_point since;
  };
  static constexpr std::size_t kMost = 4;
  static constexpr std::chrono::seconds kLongest{30};

  void prune() {
    while (!kept_.empty() && Clock::now() - kept_.front().since > kLongest) kept_.pop_front();
  }
  std::deque<Kept> kept_;  // the oldest first
};

}  // namespace meridian::kube
