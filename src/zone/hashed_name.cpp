#include <meridian/zone/hashed_name.hpp>

#include <cassert>

namespace meridian::zone {

HashedName::HashedName(const dns::FoldedName& name, const NameHash& hash) : name_(name), hash_(hash) {
  assert(name.labels < hashes_.size());
  std::uint64_t h = hashes_[name.labels] = hash.root();
  for (unsigned i = name.labels; i-- > 0;) {
    const std::uint8_t* label = name.octets.data() + name.offsets[i];
    h = hashes_[i] = hash.child(h, {label, label[0] + std::size_t{1}});
  }
}

}  // namespace meridian::zone
