#pragma once
// Which places of a pool nobody has, as one bit a place, made block by block where somebody has one: 2 MB for a full
// /8. Finding the next free place looks at 256 at a time, so a pool that is nearly full costs no more than an empty
// one. Pure; one thread.

#include <cstdint>
#include <optional>
#include <unordered_map>

#include <meridian/vip/pool.hpp>

namespace meridian::vip {

class FreePlaces {
 public:
  // All usable places of a family are free. Keeps a copy of the pool, which is small.
  FreePlaces(Pool pool, Family family);

  // The address is somebody's, or nobody's any more. Idempotent; nothing happens if the pool can't give it anyway.
  void take(const Address& address);
  void give(const Address& address);

  // The first free address at the place or after it, wrapping around; nullopt: none is free.
  std::optional<Address> next(std::uint64_t place) const;
  std::uint64_t count() const { return count_; }

 private:
  // The word and the bit of an address; nullopt: the pool can't give it.
  struct Bit {
    std::uint64_t* word;
    std::uint64_t mask;
  };
  std::optional<Bit> bit_of(const Address& address);
  std::optional<std::uint64_t> search(std::uint64_t begin, std::uint64_t end) const;

  Pool pool_;
  Family family_;
  std::uint64_t count_;
  std::unordered_map<std::uint64_t, Pool::Block> blocks_;  // absent: as the pool says
};

}  // namespace meridian::vip
