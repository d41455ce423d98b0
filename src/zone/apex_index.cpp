#include <meridian/zone/apex_index.hpp>

#include <algorithm>
#include <bit>
#include <functional>

namespace meridian::zone {

ApexIndex::ApexIndex(std::size_t zones) : slots_(std::bit_ceil(2 * zones + 2)) {}

const ApexIndex::Slot& ApexIndex::probe(const Key& key) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t i = key.hash & mask;
  while (slots_[i].place != kNone && !(slots_[i].hash == key.hash && key.is(slots_[i].apex))) i = (i + 1) & mask;
  return slots_[i];
}

bool ApexIndex::add(const HashedName& name, int place) {
  const Key key = name.suffix(0);
  auto& slot = const_cast<Slot&>(probe(key));
  if (slot.place != kNone) return false;
  slot = {key.hash, place, {key.name.begin(), key.name.end()}};

  const std::uint8_t depth = name.name().labels;
  const auto at = std::lower_bound(depths_.begin(), depths_.end(), depth, std::greater<>{});
  if (at == depths_.end() || *at != depth) depths_.insert(at, depth);
  return true;
}

int ApexIndex::deepest(const HashedName& name) const {
  const unsigned labels = name.name().labels;
  for (const unsigned depth : depths_) {
    if (depth > labels) continue;
    const Slot& slot = probe(name.suffix(labels - depth));
    if (slot.place != kNone) return slot.place;
  }
  return kNone;
}

}  // namespace meridian::zone
