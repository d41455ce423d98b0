#include <meridian/zone/hashed_name.hpp>

#include <cassert>
#include <cstring>

namespace meridian::zone {
namespace {

// The multiply-and-fold step of wyhash (Wang Yi, public domain): each bit of the result knows every bit of both
// factors.
std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

template <class Word>
std::uint64_t read(const std::uint8_t* at) {
  Word word;
  std::memcpy(&word, at, sizeof word);
  return word;
}

}  // namespace

NameHash::NameHash(std::uint64_t seed)
    : root_(mix(seed ^ 0xa0761d6478bd642fu, 0xe7037ed1a0b428dbu)),
      key_(mix(root_ ^ 0x8ebc6af09c88c6e3u, 0x589965cc75374cc3u)) {}

std::uint64_t NameHash::child(std::uint64_t parent, std::span<const std::uint8_t> label) const {
  const std::uint8_t* at = label.data();
  std::size_t left = label.size();
  std::uint64_t hash = parent;
  for (; left > 16; at += 16, left -= 16) {
    hash = mix(read<std::uint64_t>(at) ^ key_, read<std::uint64_t>(at + 8) ^ hash);
  }
  // The rest in two words that may overlap; the octet of length tells labels apart that read the same.
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

HashedName::HashedName(const dns::FoldedName& name, const NameHash& hash) : name_(name), hash_(hash) {
  assert(name.labels < hashes_.size());
  std::uint64_t h = hashes_[name.labels] = hash.root();
  for (unsigned i = name.labels; i-- > 0;) {
    const std::uint8_t* label = name.octets.data() + name.offsets[i];
    h = hashes_[i] = hash.child(h, {label, label[0] + std::size_t{1}});
  }
}

}  // namespace meridian::zone
