#pragma once
// Many coarse alarms for the price of one timer, most of which are never needed: a hashed timing wheel (Varghese and
// Lauck, SOSP 1987, scheme 6). To set an alarm is to write down a number; there is nothing to cancel, because who is
// called looks whether the alarm still means anything. One a forwarder, on its loop; idle while no alarm is set.

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <vector>

namespace meridian::upstream {

class TimingWheel {
 public:
  using Clock = std::chrono::steady_clock;
  using Time = Clock::time_point;

  // `ring` is called for each alarm, not before its time and at most kTick after it on an idle loop.
  TimingWheel(boost::asio::io_context& loop, std::function<void(std::uint64_t number)> ring);

  void set(Time time, std::uint64_t number);

  static constexpr std::chrono::milliseconds kTick{5};

 private:
  struct Alarm {
    std::int64_t tick;
    std::uint64_t number;
  };
  static std::int64_t tick_of(Time time);  // the first tick that is not before it
  void arm();                              // for the first slot with an alarm in it
  void turn();

  static constexpr std::size_t kSlots = 512;  // 2.56 s: further ones pass by once more
  boost::asio::steady_timer timer_;
  std::function<void(std::uint64_t)> ring_;
  std::array<std::vector<Alarm>, kSlots> slots_;
  std::vector<Alarm> due_;
  std::size_t set_ = 0;         // alarms in all slots
  std::int64_t now_ = 0;        // the last tick that was looked at
  std::int64_t armed_ = kNone;  // when the timer goes off
  static constexpr std::int64_t kNone = std::numeric_limits<std::int64_t>::max();
};

}  // namespace meridian::upstream
