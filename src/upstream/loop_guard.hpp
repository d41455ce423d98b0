#pragma once
// Finds upstreams that send our questions back to us (through others: our own addresses are refused by the
// configuration). A question that nobody else asks goes to each upstream; if it comes to us, that upstream is a loop.
// Shared by all workers: every call from any thread.

#include <meridian/dns/message.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "upstream/entropy.hpp"

namespace meridian::upstream {

class LoopGuard {
 public:
  LoopGuard();

  // What is known of one upstream in one zone.
  struct Suspect {
    std::atomic<bool> looping{false};
  };

  // The one suspect for these two texts, and, for the first who asks, the question (name, type, class in wire form) to
  // send to it once; for all others, and until renew(), it is empty.
  struct Probe {
    std::shared_ptr<const Suspect> suspect;
    std::vector<std::uint8_t> question;
  };
  Probe probe(const std::string& upstream, const dns::Name& zone);
  // A loop may have been mended: forgets the verdict, and probe() gives out a question again.
  void renew(const std::string& upstream, const dns::Name& zone);

  // True if `query` is one of our probes come back; its upstream is a loop from now on. Cheap for all other queries.
  bool caught(const dns::Query& query);
};

}  // namespace meridian::upstream
