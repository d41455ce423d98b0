#pragma once
// Which zone encloses a name: one probe for each number of labels that some apex has.

#include <cstdint>
#include <span>
#include <vector>

#include <meridian/dns/name.hpp>
#include <meridian/zone/hashed_name.hpp>

namespace meridian::zone {

// Hundreds of reverse zones have apexes of two or three lengths (`n.245.in-addr.arpa`), so the deepest enclosing zone
// is found in two or three probes. Immutable once filled, and the same for every ZoneSet of one configuration; any
// thread.
class ApexIndex {
 public:
  static constexpr int kNone = -1;

  // Apexes are known by their places in the list. An apex that is there twice: the first counts. kNone may stand for
  // zones that enclose nothing, with add() left out.
  explicit ApexIndex(std::size_t zones);
  // `place` for the apex `name`; false if the apex is there already.
  bool add(const HashedName& name, int place);

  // The place of the deepest apex that is the name or a suffix of it; kNone if there is none.
  int deepest(const HashedName& name) const;

  // The place of the zone for everything else; kNone if there is none.
  int fallback() const { return fallback_; }
  void set_fallback(int place) { fallback_ = place; }

 private:
  struct Slot {
    std::uint32_t hash = 0;
    int place = kNone;
    std::vector<std::uint8_t> apex;
  };
  const Slot& probe(const Key& key) const;

  std::vector<Slot> slots_;           // open addressing, at most half full, a power of two
  std::vector<std::uint8_t> depths_;  // how many labels apexes have, the most first
  int fallback_ = kNone;
};

}  // namespace meridian::zone
