#pragma once
// What we know of one server from the replies that came and did not come: how far away it is, and whether to prefer
// others. Pure: time comes in as an argument; no timer, no probe of its own.

#include <chrono>
#include <cstdint>

namespace meridian::upstream {

class Health {
 public:
  using Clock = std::chrono::steady_clock;
  using Time = Clock::time_point;
  using Duration = std::chrono::microseconds;

  // An attempt that was sent at `sent` was answered at `now`, whatever the rcode. Ends every run of failures.
  void replied(Time sent, Time now);
  // The reply was a refusal: the server lives, and others are asked first until it answers again.
  void refused(Time now);
  // An attempt was lost. It counts only if nothing has come from the server since it was sent, and attempts that were
  // in flight together count once: a burst of questions must not look like a long illness.
  void failed(Time sent, Time now);

  // Its last attempt failed: asked after the others.
  bool suspect() const { return failures_ > 0; }
  // It failed kDeadAfter times in a row.
  bool dead() const { return failures_ >= kDeadAfter; }
  bool refusing() const { return refusing_; }

  // A server that others are preferred to is worth a copy of a real question again; ask at most one question for each
  // true, and say so by tried(). `stale` is how old its round trip may be.
  bool due(Time now, Duration stale) const;
  void tried(Time now);

  // Smoothed round trip (RFC 6298, 2); zero: nothing known yet.
  Duration rtt() const { return rtt_; }
  // When to send again: RFC 6298's time-out, at least kSoonest (RFC 6298's own floor of 1 s would eat our budget).
  Duration patience() const;

  static constexpr unsigned kDeadAfter = 3;
  static constexpr Duration kSoonest = std::chrono::milliseconds(250);
  static constexpr Duration kFirstPause = std::chrono::milliseconds(500);  // between tries of a failed server, doubled
  static constexpr Duration kLongestPause = std::chrono::seconds(10);      // ... up to here

 private:
  Duration pause() const;

  Duration rtt_{0};
  Duration variation_{0};
  unsigned failures_ = 0;  // in a row
  bool refusing_ = false;
  Time last_reply_{};
  Time last_failure_{};
  Time last_try_{};
};

}  // namespace meridian::upstream
