#include "upstream/cache_index.hpp"

#include <algorithm>

namespace meridian::upstream {

void CacheIndex::insert(std::uint32_t hash, std::uint32_t place) {
  assert(!full() && place != 0);
  std::size_t i = home(hash);
  while (slots_[i].place != 0) i = next(i);
  slots_[i] = {hash, place};
  ++size_;
}

std::size_t CacheIndex::slot_of(std::uint32_t hash, std::uint32_t place) const {
  std::size_t i = home(hash);
  for (; slots_[i].place != place; i = next(i)) assert(slots_[i].place != 0);
  return i;
}

void CacheIndex::erase(std::uint32_t hash, std::uint32_t place) {
  std::size_t gap = slot_of(hash, place);
  // What stands behind the gap and belongs before it moves up, so that no search ends too early (Knuth, 6.4, R).
  for (std::size_t i = next(gap); slots_[i].place != 0; i = next(i)) {
    const std::size_t at = home(slots_[i].hash);
    const bool between = gap < i ? gap < at && at <= i : gap < at || at <= i;  // of the gap and i, going round
    if (between) continue;
    slots_[gap] = slots_[i];
    gap = i;
  }
  slots_[gap] = {};
  --size_;
}

void CacheGhosts::remember(std::uint32_t hash) {
  if (marks_.empty()) return;
  const auto marks = row(hash);
  std::move_backward(marks.begin(), marks.end() - 1, marks.end());
  marks[0] = static_cast<Mark>(hash);  // the upper bits chose the row
}

bool CacheGhosts::take(std::uint32_t hash) {
  if (marks_.empty()) return false;
  const auto marks = row(hash);
  const auto found = std::find(marks.begin(), marks.end(), static_cast<Mark>(hash));
  if (found == marks.end()) return false;
  std::move(found + 1, marks.end(), found);
  marks.back() = 0;
  return true;
}

}  // namespace meridian::upstream
