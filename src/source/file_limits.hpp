#pragma once
// How much one file, and one entry in it, may cost.

#include <cstdint>

namespace meridian::source {

struct FileLimits {
  std::uint64_t file_size = 64ull << 20;    // octets; a larger file is refused with its name
  std::uint64_t object_size = 10ull << 20;  // octets of one entry, encoded as JSON, aliases written out
};

}  // namespace meridian::source
