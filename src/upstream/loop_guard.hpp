#pragma once
// Finds upstreams that send our questions back to us, through others: our own addresses are refused where they are
// configured. A question that nobody else asks goes to each upstream; if it comes to us, that upstream is a loop, and
// is not used until a later question does not come back. Shared by all workers: every call from any thread.
//
// How it is wired:
//   start, reload   UpstreamGroup gets loop_watch() (loop_probe.hpp) as its WatchLoop, and calls it for each server,
//                   then about once a second while questions come; renew() first on a reload.
//   a query         that would be forwarded (RD=1, the client may recurse) and is caught(): answer at once and forward
//                   nothing. SERVFAIL.
//   choose()        leaves out whom it suspects. If nobody is left: SERVFAIL at once, with an extended error.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <meridian/dns/message.hpp>
#include <meridian/dns/name.hpp>

#include "upstream/entropy.hpp"

namespace meridian::upstream {

class LoopGuard {
 public:
  using Time = std::chrono::steady_clock::time_point;

  LoopGuard() = default;
  LoopGuard(const LoopGuard&) = delete;
  LoopGuard& operator=(const LoopGuard&) = delete;

  // What is known of one upstream in one zone.
  struct Suspect {
    std::atomic<bool> looping{false};
  };

  // The one suspect for these two texts, and, if it is time to ask, a question (name, type, class in wire form) that is
  // given to one caller only: to be sent to that upstream, and its end told to ended(). Empty: nothing to do.
  struct Probe {
    std::shared_ptr<const Suspect> suspect;
    std::vector<std::uint8_t> question;
  };
  Probe probe(const std::string& upstream, const dns::Name& zone, Time now);
  // The question has been answered by somebody, or by nobody. If it was not caught before, the verdict is: no loop.
  void ended(const std::string& upstream, const dns::Name& zone, bool answered, Time now);
  // It may be another server by now: probe() gives out a question again, unless it has just done so (a reload is told
  // by each worker). The verdict stays until that has ended.
  void renew(const std::string& upstream, const dns::Name& zone);

  // True if `query` is one of our questions come back; its upstream is a loop from now on. For all other queries it
  // costs a comparison of their first label.
  bool caught(const dns::Query& query) {
    if (query.name.labels == 0 || query.name.octets[0] != kLabel) return false;
    const auto label = query.name.label(0);
    return label.starts_with(kPrefix) && recognize(label);
  }

  // Until the next question; while nobody asks us anything, none is sent.
  static constexpr std::chrono::seconds kLooping{30};    // a loop, which may be mended
  static constexpr std::chrono::seconds kSilent{30};     // nothing is known: the server may have been away
  static constexpr std::chrono::minutes kInnocent{10};   // somebody's configuration may make it one
  static constexpr std::chrono::seconds kForgotten{20};  // the end of the last one was never told
  static constexpr std::chrono::seconds kJust{5};        // renew() asks no sooner

 private:
  static constexpr std::string_view kPrefix = "meridian-loop-";
  static constexpr std::size_t kLabel = kPrefix.size() + 32;  // and 128 random bits in hex

  struct Watched {
    Watched(std::string of, std::string in) : upstream(std::move(of)), zone(std::move(in)) {}
    std::string upstream, zone;  // as they are told to people
    std::shared_ptr<Suspect> suspect = std::make_shared<Suspect>();
    std::string label;  // of the last question
    bool came_back = false;
    Time asked = Time::min();
    Time next = Time::min();
  };
  bool recognize(std::string_view label);
  Watched* find(const std::string& upstream, const dns::Name& zone);
  void forget_unused();
  std::vector<std::uint8_t> ask(Watched& watched, const dns::Name& zone);

  std::mutex mutex_;  // caught() takes it for a packet, so nothing is logged under it
  Entropy entropy_;
  std::unordered_map<std::string, Watched> watched_;     // by upstream and zone
  std::unordered_map<std::string, std::string> labels_;  // of the last question to each: its key in watched_
};

}  // namespace meridian::upstream
