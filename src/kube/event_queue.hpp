#pragma once
// What is still to be told, bounded and without repetition. Pure: time comes in as an argument.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "kube/event.hpp"

namespace meridian::kube {

class EventQueue {
 public:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr std::size_t kMostWaiting = 1000;
  static constexpr std::size_t kMostRemembered = 8192;  // the oldest is forgotten first: it may be told again
  static constexpr std::chrono::hours kOnce{1};         // the same of one object; an Event lives as long
  static constexpr std::chrono::minutes kNewsFor{10};   // what has waited longer for its turn is no news

  struct Waiting {
    Event event{};
    Time since{};
    unsigned tries = 0;
  };

  // What was told within kOnce is passed over, what waits already is counted there. False: there was no room, and the
  // one that had waited longest has gone.
  bool add(Event event, Time now);
  // How many were no news any more, and have gone.
  std::size_t expire(Time now);
  // The one that has waited longest; it has left.
  std::optional<Waiting> take();
  // It did not get through: it is the next again.
  void put_back(Waiting waiting);
  std::size_t size() const { return waiting_.size(); }

 private:
  struct Known {
    Time since{};
    bool waiting = true;  // else it was taken
  };
  void drop_oldest();

  std::deque<Waiting> waiting_;
  std::unordered_map<std::uint64_t, Known> known_;   // by a hash: a collision costs one Event
  std::deque<std::pair<Time, std::uint64_t>> ages_;  // of `known_`; some have gone from there
};

}  // namespace meridian::kube
