#pragma once
// A name and the hashes of all its suffixes, computed in one pass from the root.

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

#include <meridian/dns/name.hpp>
#include <meridian/dns/octet_hash.hpp>
#include <meridian/dns/types.hpp>

namespace meridian::zone {

// A keyed hash of names that grows label by label from the root: the hash of "a.b.c" is that of "b.c" and one step
// more. Wildcards, the closest encloser and the enclosing zone are all suffixes of the question, so one pass serves
// them all. The key keeps tenants, who choose the names in the tables, from choosing where they fall. A value; any
// thread.
class NameHash {
 public:
  explicit NameHash(std::uint64_t seed) : hash_(seed) {}
  std::uint64_t root() const { return hash_.start(); }
  // The hash of `label` (with its octet of length, as on the wire) in front of the name with the hash `parent`.
  std::uint64_t child(std::uint64_t parent, std::span<const std::uint8_t> label) const {
    return hash_.then(parent, label);
  }

 private:
  dns::OctetHash hash_;
};

constexpr std::array<std::uint8_t, 2> kWildcardLabel = {1, '*'};  // RFC 4592, 2.1.1: the asterisk label

// What a table is asked for: a name, or "*." and that name, and its hash. Borrows the name.
struct Key {
  std::uint32_t hash = 0;
  bool wildcard = false;
  std::span<const std::uint8_t> name;  // wire form, lower case

  bool is(std::span<const std::uint8_t> owner) const {
    const std::size_t front = wildcard ? kWildcardLabel.size() : 0;
    return owner.size() == front + name.size() && std::equal(name.begin(), name.end(), owner.begin() + front) &&
           (!wildcard || std::equal(kWildcardLabel.begin(), kWildcardLabel.end(), owner.begin()));
  }
};

// Lives on the stack of the packet path and borrows `name`; made by ZoneSet::hashed(), and good for the zones of that
// set (and of the sets that follow from it: they share the hash).
class HashedName {
 public:
  HashedName(const dns::FoldedName& name, const NameHash& hash);

  const dns::FoldedName& name() const { return name_; }
  // The name without its first `skip` labels; skip <= name().labels.
  Key suffix(unsigned skip) const { return {short_hash(hashes_[skip]), false, name_.suffix(skip)}; }
  // "*." and the name without its first `skip` labels.
  Key wildcard(unsigned skip) const {
    return {short_hash(hash_.child(hashes_[skip], kWildcardLabel)), true, name_.suffix(skip)};
  }

 private:
  // The upper half: the lower bits of a product know only the lower bits of its factors.
  static std::uint32_t short_hash(std::uint64_t hash) { return static_cast<std::uint32_t>(hash >> 32); }

  const dns::FoldedName& name_;
  NameHash hash_;
  std::array<std::uint64_t, dns::kMaxLabels> hashes_;  // of suffix(i); uninitialised beyond the name's labels
};

}  // namespace meridian::zone
