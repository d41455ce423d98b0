#pragma once
// Holds back deletions that look like an accident: a deleted CRD, an emptied directory, a truncated list (behaviour:
// life, mass-delete guard). Pure; control thread. Time comes in as an argument.

#include <chrono>
#include <deque>
#include <map>
#include <string>
#include <vector>

namespace meridian::control {

// Hosts by owned zone.
using HostCounts = std::map<std::string, std::size_t>;

class MassDeleteGuard {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::size_t kSmallestZone = 20;    // hosts; smaller zones are not guarded
  static constexpr std::chrono::seconds kWindow{10};  // one run of deletions

  // `percent`: of a zone that may go within the window; 0: everything may.
  explicit MassDeleteGuard(unsigned percent) : percent_(percent) {}
  void set_percent(unsigned percent) { percent_ = percent; }

  // Whether `dropped` hosts may go now from zones that hold `present` hosts. If so they count as gone.
  bool allow(const HostCounts& dropped, const HostCounts& present, Clock::time_point now);

 private:
  struct Drop {
    Clock::time_point at;
    std::string zone;
    std::size_t hosts;
  };
  unsigned percent_;
  std::deque<Drop> recent_;  // within the window, oldest first
  HostCounts gone_;          // their sum
};

}  // namespace meridian::control
