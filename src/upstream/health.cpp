#include "upstream/health.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace meridian::upstream {

namespace {

// What one attempt weighs in the share that is lost: much where there are few, and where there are many little, so that
// a hundred a second are not judged by the last twelve.
constexpr float kWeight = 1.f / 12, kLeastWeight = 1.f / 64;
constexpr std::chrono::milliseconds kFew{100};  // between attempts
constexpr float kAfterSilence = 0.3f;           // the most that a silence that has ended says about losses to come
constexpr float kAsGoodAsNone = 1.f / 32;       // of no weight beside a round trip
constexpr std::chrono::seconds kHalfLife{20};
// Between copies that find out whether losses go on: so a server that has come back is in use some 2 s later, and one
// that goes on losing costs four copies a second at most.
constexpr Health::Duration kProbation = std::chrono::milliseconds(250);

Health::Duration doubled(unsigned times) {
  return std::min(Health::kFirstPause * (1 << std::min(std::max(times, 1u) - 1, 5u)), Health::kLongestPause);
}

}  // namespace

void Health::replied(Time sent, Time now) {
  const auto sample = std::max(std::chrono::duration_cast<Duration>(now - sent), Duration(1));
  const bool first = rtt_ == Duration::zero();
  if (first) {  // RFC 6298, 2.2
    rtt_ = sample;
    variation_ = sample / 2;
  } else {  // RFC 6298, 2.3
    const auto off = rtt_ > sample ? rtt_ - sample : sample - rtt_;
    variation_ = (variation_ * 3 + off) / 4;
    rtt_ = std::max((rtt_ * 7 + sample) / 8, Duration(1));
  }
  let_losses_fade(now);
  failures_ = 0;
  last_reply_ = now;
  // The distance goes down quickly and up slowly, a resolver that must ask others being no further away for it; but
  // after a long silence it may be another server.
  const bool given_up = sent <= last_lost_;
  const bool late = given_up || (misses_ > 0 && sample > kUseful);  // a copy is given up by nobody
  if (first || (misses_ >= kDeadAfter && !late))
    distance_ = sample;
  else if (sample < distance_)
    distance_ = (distance_ + sample) / 2;
  else
    distance_ += (std::min(sample, distance_ * 4) - distance_) / 32;
  if (late) {  // a slow name, or a slow server
    if (given_up)
      loss_ = std::max((loss_ - loss_weight_) / (1 - loss_weight_), 0.f);  // for it was not lost
    else
      count_miss(sent, now);
    return judge();
  }
  if (misses_ > 0) loss_ = std::min(loss_, kAfterSilence);
  loss_ -= loss_ * weigh(now);
  misses_ = 0;
  refusals_before_ = std::exchange(refusals_, 0);
  last_in_time_ = last_try_ = now;
  judge();
}

void Health::refused(Time now) {
  refusals_ = refusals_before_ + 1;
  last_try_ = now;
  judge();
}

void Health::failed(Time sent, Time now) {
  let_losses_fade(now);
  loss_weight_ = weigh(now);
  loss_ += (1 - loss_) * loss_weight_;
  last_lost_ = std::max(last_lost_, sent);
  if (last_reply_ < sent && sent >= last_failure_) {
    last_failure_ = now;
    ++failures_;
  }
  if (last_in_time_ < sent) count_miss(sent, now);
  judge();
}

void Health::count_miss(Time sent, Time now) {
  if (sent < last_miss_) return;
  last_miss_ = last_try_ = now;
  ++misses_;
}

Health::Duration Health::patience() const {
  return std::max(kSoonest, rtt_ + 4 * variation_);
}

float Health::weigh(Time now) {
  const auto passed =
      std::chrono::duration<float>(now - std::exchange(weighed_, now)) / std::chrono::duration<float>(kFew);
  return std::clamp(kWeight * passed, kLeastWeight, kWeight);
}

// Else one that others are preferred to, and that is seldom asked, would carry its past for ever.
void Health::let_losses_fade(Time now) {
  const auto passed = now - faded_;
  if (passed < std::chrono::seconds(1)) return;  // exp2 is not for every reply
  faded_ = now;
  loss_ *= std::exp2(-std::chrono::duration<float>(passed) / std::chrono::duration<float>(kHalfLife));
}

void Health::judge() {
  lossy_ = loss_ > (lossy_ ? kLossyNoMore : kLossy);
  if (rtt_ != Duration::zero()) {
    // What is lost in a row is lost at any distance: capped, so that the cost stays a number.
    const float odds = std::min(loss_, 0.9f) / (1 - std::min(loss_, 0.9f));
    cost_ = distance_ + Duration(static_cast<Duration::rep>(odds * static_cast<float>(patience().count())));
  }
  if (misses_ > 0)
    pause_ = doubled(misses_);
  else if (refusals_ > 0)
    pause_ = doubled(refusals_);
  else
    pause_ = loss_ > kAsGoodAsNone ? kProbation : kNever;
}

}  // namespace meridian::upstream
