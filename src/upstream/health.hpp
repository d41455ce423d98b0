#pragma once
// What we know of one server from the replies that came and did not come: how far away it is, how much it loses, and
// whether to prefer others. Pure: time comes in as an argument; no timer, no probe of its own.

#include <chrono>
#include <cstdint>

namespace meridian::upstream {

class Health {
 public:
  using Clock = std::chrono::steady_clock;
  using Time = Clock::time_point;
  using Duration = std::chrono::microseconds;

  // An attempt that was sent at `sent` was answered at `now`, whatever the rcode. A reply that comes too late, or to an
  // attempt that was given up, tells that the server lives and that nothing was lost, but not that it is of use again.
  void replied(Time sent, Time now);
  // The reply that replied() was told of is a refusal: the server lives, and others are asked first until it answers
  // again.
  void refused(Time now);
  // An attempt was lost, or given up. A run of failures is one without any reply since; attempts that were in flight
  // together count in it once: a burst of questions must not look like a long illness.
  void failed(Time sent, Time now);

  // How little others are preferred to it. Each state but the first ends by a copy of a real question that is answered
  // in time; Lossy by several.
  enum class Standing : std::uint8_t {
    Good,
    Lossy,     // loses a good part of what it is asked: a server that answers every other question is of little use
    Refusing,  // its last reply was a refusal
    Suspect,   // its last attempt was not answered in time
    Dead,      // it has not answered kDeadAfter times in a row
  };
  Standing standing() const {
    if (failures_ >= kDeadAfter) return Standing::Dead;
    if (misses_ > 0) return Standing::Suspect;
    if (refusals_ > 0) return Standing::Refusing;
    return lossy_ ? Standing::Lossy : Standing::Good;
  }
  bool suspect() const { return misses_ > 0; }
  bool dead() const { return failures_ >= kDeadAfter; }

  // A server that others are preferred to is worth a copy of a real question again; ask at most one question for each
  // true, and say so by tried(). `stale` is how old its round trip may be.
  bool due(Time now, Duration stale) const { return now - last_try_ >= (pause_ < stale ? pause_ : stale); }
  void tried(Time now) { last_try_ = now; }

  // Smoothed round trip (RFC 6298, 2); zero: nothing known yet.
  Duration rtt() const { return rtt_; }
  // When to send again: RFC 6298's time-out, at least kSoonest (RFC 6298's own floor of 1 s would eat our budget).
  Duration patience() const;
  // What a question to it is expected to take, for comparison: the near end of its round trips, since how long a
  // resolver thinks depends on the name, and for what it loses the wait until another server is asked. kUnknown before
  // the first reply.
  Duration cost() const { return cost_; }

  static constexpr Duration kUnknown = std::chrono::hours(24);
  static constexpr Duration kNever = std::chrono::hours(24 * 365 * 100);
  static constexpr unsigned kDeadAfter = 3;
  static constexpr Duration kSoonest = std::chrono::milliseconds(250);
  // A reply that takes longer comes too late for who waits: others have been asked by then (the default of
  // forward.attempt-timeout).
  static constexpr Duration kUseful = std::chrono::milliseconds(600);
  static constexpr Duration kFirstPause = std::chrono::milliseconds(500);  // between tries of a failed server, doubled
  static constexpr Duration kLongestPause = std::chrono::seconds(10);      // ... up to here
  // Of attempts, smoothed. Two limits, so that a server near one of them does not go to and fro.
  static constexpr float kLossy = 0.3f, kLossyNoMore = 0.15f;

 private:
  void count_miss(Time sent, Time now);
  float weigh(Time now);  // the attempt that ends now
  void let_losses_fade(Time now);
  void judge();  // after whatever has happened

  Duration rtt_{0};
  Duration variation_{0};
  Duration distance_{0};
  Duration cost_ = kUnknown;
  Duration pause_ = kNever;  // between tries
  // Of replies at all, and of those in time; of the last failure that counted in the run of each.
  Time last_reply_{}, last_in_time_{};
  Time last_failure_{}, last_miss_{};
  Time last_lost_{};                                // when the youngest attempt that was given up was sent
  Time last_try_ = Time() - std::chrono::hours(1);  // before a machine that has just booted began to count
  Time faded_{}, weighed_{};
  float loss_ = 0;         // smoothed share of attempts that were lost
  float loss_weight_ = 0;  // of the last loss
  unsigned failures_ = 0;  // in a row, without any reply
  unsigned misses_ = 0;    // in a row, without a reply in time
  unsigned refusals_ = 0;  // in a row
  unsigned refusals_before_ = 0;
  bool lossy_ = false;
};

}  // namespace meridian::upstream
