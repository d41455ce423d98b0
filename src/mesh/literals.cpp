#include <meridian/mesh/literals.hpp>

#include <cassert>

namespace meridian::mesh {

void Literals::add(const Address& address) {
  const auto [at, first] = counts_.try_emplace(address, 0);
  if (first) changed_.try_emplace(address, false);
  ++at->second;
}

void Literals::remove(const Address& address) {
  const auto at = counts_.find(address);
  assert(at != counts_.end() && "removed more often than added");
  if (--at->second > 0) return;
  counts_.erase(at);
  changed_.try_emplace(address, true);
}

LiteralChanges Literals::take() {
  LiteralChanges changes;
  for (const auto& [address, was_there] : changed_) {
    const bool is_there = counts_.contains(address);
    if (is_there && !was_there) changes.added.push_back(address);
    if (!is_there && was_there) changes.removed.push_back(address);
  }
  changed_.clear();
  return changes;
}

}  // namespace meridian::mesh
