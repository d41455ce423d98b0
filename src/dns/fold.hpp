#pragma once
// Folding to lower case as the DNS means it: A to Z and nothing else, whatever the locale (RFC 4343, 3).

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace meridian::dns {

constexpr std::uint8_t fold(std::uint8_t octet) {
  return static_cast<unsigned>(octet - 'A') < 26u ? static_cast<std::uint8_t>(octet | 0x20) : octet;
}

// Eight octets at once: the high bit of each octet of `upper` says whether that octet is A to Z.
constexpr std::uint64_t fold(std::uint64_t octets) {
  constexpr std::uint64_t kEach = 0x0101010101010101;
  const std::uint64_t low = octets & (0x7f * kEach);
  const std::uint64_t from_a = low + (0x80 - 'A') * kEach;    // high bit set: >= 'A'
  const std::uint64_t beyond_z = low + (0x7f - 'Z') * kEach;  // high bit set: > 'Z'
  const std::uint64_t upper = (from_a ^ beyond_z) & ~octets & (0x80 * kEach);
  return octets | (upper >> 2);
}

// Copies `size` octets of wire form and folds them. Octets of length need no special case: they are below 64, and 'A'
// is 65. The last word overlaps the one before it rather than ending in a loop over single octets.
inline void fold(const std::uint8_t* from, std::size_t size, std::uint8_t* to) {
  const auto word = [&](std::size_t at) {
    std::uint64_t octets;
    std::memcpy(&octets, from + at, sizeof octets);
    octets = fold(octets);
    std::memcpy(to + at, &octets, sizeof octets);
  };
  if (size < sizeof(std::uint64_t)) {
    for (std::size_t i = 0; i < size; ++i) to[i] = fold(from[i]);
    return;
  }
  for (std::size_t at = 0; at + sizeof(std::uint64_t) < size; at += sizeof(std::uint64_t)) word(at);
  word(size - sizeof(std::uint64_t));
}

}  // namespace meridian::dns
