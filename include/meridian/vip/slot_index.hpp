#pragma once
// A hash index into an array that somebody else owns: eight octets a slot, open addressing, no deletion marks. Two of
// them find a million records by address and by host in 32 MB, where node-based maps take 130. One thread.

#include <cstdint>
#include <vector>

namespace meridian::vip {

class SlotIndex {
 public:
  static constexpr std::uint32_t kNone = 0xffffffff;

  // The slot of this hash for which match(slot) holds; kNone: there is none.
  template <class Match>
  std::uint32_t find(std::uint32_t hash, Match match) const {
    if (cells_.empty()) return kNone;
    for (auto i = hash & mask(); cells_[i].slot != kNone; i = (i + 1) & mask()) {
      if (cells_[i].hash == hash && match(cells_[i].slot)) return cells_[i].slot;
    }
    return kNone;
  }
  // The caller has made sure that the key is not there yet, and in erase() and replace() that it is.
  void insert(std::uint32_t hash, std::uint32_t slot);
  void erase(std::uint32_t hash, std::uint32_t slot);
  void replace(std::uint32_t hash, std::uint32_t slot, std::uint32_t by);

 private:
  struct Cell {
    std::uint32_t hash = 0;
    std::uint32_t slot = kNone;
  };
  std::size_t mask() const { return cells_.size() - 1; }
  std::size_t cell_of(std::uint32_t hash, std::uint32_t slot) const;
  void grow();

  std::vector<Cell> cells_;  // a power of two, at most three quarters full
  std::size_t used_ = 0;
};

}  // namespace meridian::vip
