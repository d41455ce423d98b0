#include "upstream/timing_wheel.hpp"

#include <algorithm>
#include <utility>

namespace meridian::upstream {

TimingWheel::TimingWheel(boost::asio::io_context& loop, std::function<void(std::uint64_t)> ring)
    : timer_(loop), ring_(std::move(ring)) {}

std::int64_t TimingWheel::tick_of(Time time) {
  return (time.time_since_epoch() + kTick - Clock::duration(1)) / kTick;
}

void TimingWheel::set(Time time, std::uint64_t number) {
  if (set_++ == 0) now_ = Clock::now().time_since_epoch() / kTick;
  const auto tick = std::max(tick_of(time), now_ + 1);
  slots_[static_cast<std::size_t>(tick) % kSlots].push_back({tick, number});
  if (tick < armed_) arm();
}

void TimingWheel::arm() {
  armed_ = kNone;
  if (set_ == 0) return;
  // The slot's alarms may be of a later round; then it is looked at once in vain.
  for (armed_ = now_ + 1; slots_[static_cast<std::size_t>(armed_) % kSlots].empty();) ++armed_;
  timer_.expires_at(Time(armed_ * Clock::duration(kTick)));
  timer_.async_wait([this](const boost::system::error_code& stopped) {
    if (!stopped) turn();
  });
}

void TimingWheel::turn() {
  const auto until = Clock::now().time_since_epoch() / kTick;  // rounded down: not before its time
  // After a long pause each slot is looked at once, not once for each round that was missed.
  for (auto tick = std::max(now_ + 1, until - static_cast<std::int64_t>(kSlots) + 1); tick <= until; ++tick) {
    auto& slot = slots_[static_cast<std::size_t>(tick) % kSlots];
    const auto later = std::partition(slot.begin(), slot.end(), [&](const Alarm& a) { return a.tick > until; });
    due_.insert(due_.end(), later, slot.end());
    slot.erase(later, slot.end());
  }
  now_ = std::max(now_, until);
  set_ -= due_.size();
  for (const auto& alarm : due_) ring_(alarm.number);  // may set others, which go to the slots
  due_.clear();
  arm();
}

}  // namespace meridian::upstream
