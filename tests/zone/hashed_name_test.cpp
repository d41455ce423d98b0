#include <doctest/doctest.h>

#include <meridian/zone/hashed_name.hpp>
#include <set>
#include <string>

#include "support/zone_text.hpp"

using namespace meridian;

namespace {

constexpr std::uint64_t kSeed = 42;

std::uint32_t hash_of(const std::string& name, std::uint64_t seed = kSeed) {
  const dns::FoldedName folded(test::name_of(name));
  return zone::HashedName(folded, zone::NameHash(seed)).suffix(0).hash;
}

}  // namespace

TEST_CASE("one pass hashes every suffix of a name, and the wildcards beside them") {
  const dns::FoldedName folded(test::name_of("_http._tcp.httpbin.bar.global"));
  const zone::HashedName name(folded, zone::NameHash(kSeed));
  const char* suffixes[] = {
      "_http._tcp.httpbin.bar.global", "_tcp.httpbin.bar.global", "httpbin.bar.global", "bar.global", "global", "."};
  for (unsigned skip = 0; skip <= folded.labels; ++skip) {
    const std::string suffix = suffixes[skip];
    const std::string wildcard = suffix == "." ? "*" : "*." + suffix;
    CHECK(name.suffix(skip).hash == hash_of(suffix));
    CHECK(name.suffix(skip).is(test::name_of(suffix).wire()));
    CHECK_FALSE(name.suffix(skip).is(test::name_of(wildcard).wire()));
    CHECK(name.wildcard(skip).hash == hash_of(wildcard));
    CHECK(name.wildcard(skip).is(test::name_of(wildcard).wire()));
    CHECK_FALSE(name.wildcard(skip).is(test::name_of(suffix).wire()));
  }
}

TEST_CASE("labels of every length count to the last octet") {
  std::set<std::uint32_t> hashes;
  std::size_t names = 0;
  for (std::size_t size = 1; size <= dns::kMaxLabel; ++size) {
    for (std::size_t at = 0; at <= size; ++at) {
      std::string label(size, 'a');
      if (at < size) label[at] = 'b';
      hashes.insert(hash_of(label + ".global"));
      ++names;
    }
  }
  CHECK(hashes.size() == names);
}

TEST_CASE("labels are told apart by where they end") {
  CHECK(hash_of("ab.c.global") != hash_of("a.bc.global"));
  CHECK(hash_of("httpbin\\.bar.global") != hash_of("httpbin.bar.global"));
}

TEST_CASE("the longest name with the most labels is hashed") {
  std::string name = "a";
  for (int i = 0; i < 126; ++i) name += ".a";
  CHECK(hash_of(name) != hash_of(name.substr(2)));
}

TEST_CASE("another seed is another hash") {
  CHECK(hash_of("httpbin.bar.global", 1) != hash_of("httpbin.bar.global", 2));
}

TEST_CASE("names that follow one another fall evenly into buckets") {
  for (const unsigned shift : {0u, 4u, 16u, 28u}) {
    std::size_t counts[16] = {};
    for (int i = 0; i < 16'000; ++i) ++counts[hash_of("svc" + std::to_string(i) + ".prod.global") >> shift & 15];
    for (const std::size_t count : counts) {
      CHECK(count > 800);
      CHECK(count < 1200);
    }
  }
}
