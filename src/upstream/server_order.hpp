#pragma once
// Whom one question asks, in which order. Made for every forwarded question, so it copies no server: it holds the list
// that all questions of the same moment share, and places in it.

#include <boost/container/small_vector.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <utility>
#include <vector>

#include "upstream/loop_guard.hpp"
#include "upstream/upstream.hpp"

namespace meridian::upstream {

using UpstreamPtr = std::shared_ptr<Upstream>;  // shared with the questions in flight, which a reload must not disturb

// The servers of a group at one moment, by the order of the configuration. Immutable, each server once.
struct Roster {
  // What the file says that a server is from; to be compared with our own limits, and the smaller one counts.
  struct Limits {
    std::chrono::milliseconds attempt = std::chrono::hours(1);  // the longest wait for one attempt
    unsigned tries = 1000;
  };
  struct Traits {
    Limits limits;
    std::shared_ptr<const LoopGuard::Suspect> suspect;  // null: nobody watches for loops
    std::size_t source = 0;                             // of the configuration, counted from 0
    bool rotate = false;                                // with the others of its source
    bool looping() const { return suspect && suspect->looping.load(std::memory_order_relaxed); }
  };
  std::vector<UpstreamPtr> servers;
  std::vector<Traits> traits;  // of each
};

// Iterates as UpstreamPtr. The servers live as long as the order, or a copy of it.
class ServerOrder {
 public:
  using Place = std::uint16_t;  // in the roster
  using Places = boost::container::small_vector<Place, 8>;

  ServerOrder() = default;
  ServerOrder(std::shared_ptr<const Roster> roster, const Place* begin, const Place* end)
      : roster_(std::move(roster)), places_(begin, end) {}

  class Iterator {
   public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = UpstreamPtr;
    using difference_type = std::ptrdiff_t;
    using pointer = const UpstreamPtr*;
    using reference = const UpstreamPtr&;

    Iterator() = default;
    Iterator(const UpstreamPtr* servers, const Place* at) : servers_(servers), at_(at) {}
    reference operator*() const { return servers_[*at_]; }
    pointer operator->() const { return servers_ + *at_; }
    Iterator& operator++() {
      ++at_;
      return *this;
    }
    Iterator operator++(int) { return {servers_, at_++}; }
    bool operator==(const Iterator& other) const { return at_ == other.at_; }

   private:
    const UpstreamPtr* servers_ = nullptr;
    const Place* at_ = nullptr;
  };
  Iterator begin() const { return {servers(), places_.data()}; }
  Iterator end() const { return {servers(), places_.data() + places_.size()}; }
  std::size_t size() const { return places_.size(); }
  bool empty() const { return places_.empty(); }
  const UpstreamPtr& operator[](std::size_t i) const { return roster_->servers[places_[i]]; }
  const Roster::Limits& limits(std::size_t i) const { return roster_->traits[places_[i]].limits; }
  Places& places() { return places_; }

 private:
  const UpstreamPtr* servers() const { return roster_ ? roster_->servers.data() : nullptr; }

  std::shared_ptr<const Roster> roster_;
  Places places_;
};

}  // namespace meridian::upstream
