#pragma once
// How long to wait before the next try: doubling, with jitter, so that a thousand clients of an API server that comes
// back do not come back with it.

#include <algorithm>
#include <chrono>
#include <optional>
#include <random>

namespace meridian::kube {

class Backoff {
 public:
  using milliseconds = std::chrono::milliseconds;
  explicit Backoff(milliseconds first = milliseconds(200), milliseconds longest = milliseconds(30000))
      : first_(first), longest_(longest), next_(first) {}

  // Between half and all of a time that doubles from `first` to `longest`; never less than the server asked for
  // (`retry_after`), and never more than a minute of that.
  milliseconds next(std::optional<std::chrono::seconds> retry_after = std::nullopt) {
    const auto whole = next_;
    next_ = std::min(next_ * 2, longest_);
    std::uniform_int_distribution<milliseconds::rep> jitter(whole.count() / 2, whole.count());
    const auto asked = std::min<milliseconds>(retry_after.value_or(std::chrono::seconds(0)), kMostAsked);
    return asked + milliseconds(jitter(random_));
  }
  void reset() { next_ = first_; }

 private:
  static constexpr milliseconds kMostAsked{60000};
  milliseconds first_, longest_, next_;
  std::minstd_rand random_{std::random_device{}()};
};

}  // namespace meridian::kube
