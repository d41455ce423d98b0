#include <bit>
#include <cstddef>
#include <meridian/vip/siphash.hpp>

namespace meridian::vip {
namespace {

// The names of the paper, section 2.
struct State {
  std::uint64_t v0, v1, v2, v3;

  void round() {
    v0 += v1, v1 = std::rotl(v1, 13), v1 ^= v0, v0 = std::rotl(v0, 32);
    v2 += v3, v3 = std::rotl(v3, 16), v3 ^= v2;
    v0 += v3, v3 = std::rotl(v3, 21), v3 ^= v0;
    v2 += v1, v1 = std::rotl(v1, 17), v1 ^= v2, v2 = std::rotl(v2, 32);
  }

  void compress(std::uint64_t word) {
    v3 ^= word;
    round();
    round();
    v0 ^= word;
  }
};

std::uint64_t little_endian(std::string_view octets) {
  std::uint64_t word = 0;
  for (std::size_t i = octets.size(); i > 0; --i) word = word << 8 | static_cast<unsigned char>(octets[i - 1]);
  return word;
}

}  // namespace

std::uint64_t siphash24(SipKey key, std::string_view data) {
  State s{key.k0 ^ 0x736f6d6570736575, key.k1 ^ 0x646f72616e646f6d, key.k0 ^ 0x6c7967656e657261,
          key.k1 ^ 0x7465646279746573};
  const std::uint64_t length = data.size();
  for (; data.size() >= 8; data.remove_prefix(8)) s.compress(little_endian(data.substr(0, 8)));
  s.compress(length << 56 | little_endian(data));  // the last word carries the length modulo 256

  s.v2 ^= 0xff;
  for (int i = 0; i < 4; ++i) s.round();
  return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

}  // namespace meridian::vip
