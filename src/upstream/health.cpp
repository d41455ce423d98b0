#include "upstream/health.hpp"

#include <algorithm>

namespace meridian::upstream {

void Health::replied(Time sent, Time now) {
  const auto sample = std::max(std::chrono::duration_cast<Duration>(now - sent), Duration(1));
  if (rtt_ == Duration::zero()) {  // RFC 6298, 2.2
    rtt_ = sample;
    variation_ = sample / 2;
  } else {  // RFC 6298, 2.3
    const auto off = rtt_ > sample ? rtt_ - sample : sample - rtt_;
    variation_ = (variation_ * 3 + off) / 4;
    rtt_ = std::max((rtt_ * 7 + sample) / 8, Duration(1));
  }
  failures_ = 0;
  refusing_ = false;
  last_reply_ = last_try_ = now;
}

void Health::refused(Time now) {
  refusing_ = true;
  last_try_ = now;
}

void Health::failed(Time sent, Time now) {
  if (last_reply_ >= sent || sent < last_failure_) return;
  last_failure_ = last_try_ = now;
  ++failures_;
}

bool Health::due(Time now, Duration stale) const {
  if (suspect() || refusing_) return now - last_try_ >= pause();
  return now - last_try_ >= stale;
}

void Health::tried(Time now) {
  last_try_ = now;
}

Health::Duration Health::patience() const {
  return std::max(kSoonest, rtt_ + 4 * variation_);
}

Health::Duration Health::pause() const {
  const unsigned doublings = std::min(std::max(failures_, 1u) - 1, 5u);
  return std::min(kFirstPause * (1 << doublings), kLongestPause);
}

}  // namespace meridian::upstream
