#pragma once
// FNV-1a, 64 bits: the same text has the same hash on every machine and in every release, so it may be kept on disk.
// It recognises what did not change; it is no defence against somebody who wants two texts to collide, and needs to be
// none: who may write a file may put anything into it.

#include <cstdint>
#include <string_view>

namespace meridian::source {

constexpr std::uint64_t content_hash(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

}  // namespace meridian::source
