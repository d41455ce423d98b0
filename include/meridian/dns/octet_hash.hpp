#pragma once
// A keyed hash of octets that grows piece by piece. The key keeps who chooses the octets (tenants, whoever asks) from
// choosing where they fall in a table.

#include <cstdint>
#include <cstring>
#include <span>

namespace meridian::dns {

// A value; any thread. For tables only: it is quick, not a signature. Inline, because it is on the way of every packet.
class OctetHash {
 public:
  explicit OctetHash(std::uint64_t seed)
      : start_(mix(seed ^ 0xa0761d6478bd642fu, 0xe7037ed1a0b428dbu)),
        key_(mix(start_ ^ 0x8ebc6af09c88c6e3u, 0x589965cc75374cc3u)) {}

  // The hash of nothing.
  std::uint64_t start() const { return start_; }

  // The hash of what `before` is the hash of, and `octets`. They must tell their own length, as labels, names and
  // fields of a fixed size do.
  std::uint64_t then(std::uint64_t before, std::span<const std::uint8_t> octets) const {
    const std::uint8_t* at = octets.data();
    std::size_t left = octets.size();
    std::uint64_t hash = before;
    for (; left > 16; at += 16, left -= 16) {
      hash = mix(read<std::uint64_t>(at) ^ key_, read<std::uint64_t>(at + 8) ^ hash);
    }
    // The rest in two words that may overlap.
    std::uint64_t a = 0;
    std::uint64_t b = 0;
    if (left > 8) {
      a = read<std::uint64_t>(at);
      b = read<std::uint64_t>(at + left - 8);
    } else if (left >= 4) {
      a = read<std::uint32_t>(at);
      b = read<std::uint32_t>(at + left - 4);
    } else {
      for (; left > 0; --left) a = a << 8 | *at++;
    }
    return mix(a ^ key_, b ^ hash);
  }

  // The same for a number.
  std::uint64_t then(std::uint64_t before, std::uint64_t number) const { return mix(number ^ key_, before); }

 private:
  // The multiply-and-fold step of wyhash (Wang Yi, public domain): each bit of the result knows every bit of both
  // factors.
  static std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
    __extension__ using Wide = unsigned __int128;
    const Wide product = static_cast<Wide>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
  }

  template <class Word>
  static std::uint64_t read(const std::uint8_t* at) {
    Word word;
    std::memcpy(&word, at, sizeof word);
    return word;
  }

  std::uint64_t start_;
  std::uint64_t key_;
};

}  // namespace meridian::dns
