#include <cassert>
#include <meridian/vip/slot_index.hpp>
#include <utility>

namespace meridian::vip {

void SlotIndex::insert(std::uint32_t hash, std::uint32_t slot) {
  if ((used_ + 1) * 4 > cells_.size() * 3) grow();
  auto i = hash & mask();
  while (cells_[i].slot != kNone) i = (i + 1) & mask();
  cells_[i] = {hash, slot};
  ++used_;
}

std::size_t SlotIndex::cell_of(std::uint32_t hash, std::uint32_t slot) const {
  auto i = hash & mask();
  while (cells_[i].slot != slot) {
    assert(cells_[i].slot != kNone && "the slot is in the index");
    i = (i + 1) & mask();
  }
  return i;
}

void SlotIndex::replace(std::uint32_t hash, std::uint32_t slot, std::uint32_t by) {
  cells_[cell_of(hash, slot)].slot = by;
}

// Closes the gap by moving back whoever probed over it (Knuth, TAOCP 3, 6.4, algorithm R).
void SlotIndex::erase(std::uint32_t hash, std::uint32_t slot) {
  auto gap = cell_of(hash, slot);
  for (auto i = (gap + 1) & mask(); cells_[i].slot != kNone; i = (i + 1) & mask()) {
    const auto home = cells_[i].hash & mask();
    if (((i - home) & mask()) < ((i - gap) & mask())) continue;  // it began after the gap
    cells_[gap] = cells_[i];
    gap = i;
  }
  cells_[gap] = {};
  --used_;
}

void SlotIndex::grow() {
  const auto old = std::exchange(cells_, std::vector<Cell>(cells_.empty() ? 16 : cells_.size() * 2));
  used_ = 0;
  for (const auto& cell : old) {
    if (cell.slot != kNone) insert(cell.hash, cell.slot);
  }
}

}  // namespace meridian::vip
