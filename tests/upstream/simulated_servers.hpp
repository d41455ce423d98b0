#pragma once
// Servers and questions in simulated time, around a real UpstreamGroup: what a policy does in an hour is seen in
// milliseconds. Questions are tried as an Exchange tries them, on the same budget; no packet leaves.

#include <functional>
#include <memory>
#include <queue>
#include <random>
#include <tuple>
#include <vector>

#include "upstream/server_maker.hpp"

namespace meridian::test {

using std::chrono::milliseconds;
using std::chrono::seconds;

// How a server is.
struct Simulated {
  milliseconds rtt{10};
  double loss = 0;       // share of questions without a reply
  double thinks = 0;     // share of names that take it 300 ms more
  bool refuses = false;  // all it is asked
  bool (*dead)(milliseconds since_start) = [](milliseconds) { return false; };
};

class SimulatedServers {
 public:
  using Time = upstream::Health::Time;
  struct Seen {
    unsigned first = 0;   // questions that it was asked first
    unsigned copies = 0;  // ... and only for its own sake
    unsigned asked = 0;   // in all
  };

  SimulatedServers(std::vector<Simulated> servers, config::Forward::Policy policy);

  // Questions evenly, `every` apart, for that long.
  void run(milliseconds every, milliseconds length);
  milliseconds now() const;  // since the start

  const Seen& seen(std::size_t place) const { return seen_[place]; }
  // Of all questions since forget().
  double share_first(std::size_t place) const { return double(seen_[place].first) / questions_; }
  double answered() const { return double(answered_) / questions_; }
  double waited_long() const { return double(long_) / questions_; }  // 200 ms or more, or for nothing
  double mean_ms() const { return total_ms_ / answered_; }
  void forget();  // all counts

 private:
  struct Asked;
  struct Event {
    Time at;
    std::uint64_t number;  // what comes at the same time comes in the order it was made
    std::function<void()> what;
    bool operator<(const Event& other) const { return std::tie(at, number) > std::tie(other.at, other.number); }
  };
  void after(milliseconds delay, std::function<void()> what);
  void ask();
  void attempt(const std::shared_ptr<Asked>& asked, std::size_t place, bool waited_for);
  void next(const std::shared_ptr<Asked>& asked);
  std::size_t place_of(const upstream::UpstreamPtr& server) const;
  bool happens(double share) { return std::uniform_real_distribution<>(0, 1)(random_) < share; }

  ServerMaker maker_;
  std::vector<Simulated> servers_;
  std::vector<Seen> seen_;
  upstream::UpstreamGroup group_;
  const Time start_ = upstream::Health::Clock::now();
  Time now_ = start_;
  std::priority_queue<Event> events_;
  std::uint64_t number_ = 0;
  std::mt19937 random_{42};
  unsigned questions_ = 0, answered_ = 0, long_ = 0;
  double total_ms_ = 0;
};

}  // namespace meridian::test
