#pragma once
// SipHash-2-4, a keyed hash of short inputs: J.-P. Aumasson and D. J. Bernstein, "SipHash: a fast short-input PRF",
// INDOCRYPT 2012. Ours, because Debian ships it only inside larger libraries, and it is thirty lines. Pure; any thread.

#include <cstdint>
#include <string_view>

namespace meridian::vip {

// 128 bits as two little-endian words: octets 0 to 7 of the key, then 8 to 15.
struct SipKey {
  std::uint64_t k0 = 0;
  std::uint64_t k1 = 0;
};

// The octets of `data` under `key`. The same on every machine, whatever its byte order.
std::uint64_t siphash24(SipKey key, std::string_view data);

}  // namespace meridian::vip
