#include <doctest/doctest.h>

#include <meridian/zone/table.hpp>
#include <set>

#include "support/zone_text.hpp"
#include "zone/allocations.hpp"

using namespace meridian;
using test::name_of;

namespace {

std::string owner(std::size_t i) {
  return "n" + std::to_string(i);
}

zone::NodePtr node_of(const std::string& name) {
  return zone::Node::make({.owner = name_of(name).wire()});
}

// A table's key is whatever hash comes with a name: here the test chooses it.
bool has(const zone::Table& table, const std::string& name, std::uint32_t hash) {
  const dns::Name wire = name_of(name);
  const zone::Entry* entry = table.find({hash, false, wire.wire()});
  return entry && dns::Name::from_wire(entry->node->owner()) == wire;
}

bool erase(zone::Table& table, const std::string& name, std::uint32_t hash) {
  const dns::Name wire = name_of(name);
  return table.erase({hash, false, wire.wire()});
}

std::uint32_t spread(std::size_t i) {
  return static_cast<std::uint32_t>(i * 2654435761u);
}
std::uint32_t one_bucket(std::size_t) {
  return 0xdeadbeef;
}
std::uint32_t lowest_bits_equal(std::size_t i) {
  return static_cast<std::uint32_t>(i << 24 | 0x123456);
}
std::uint32_t highest_bits_equal(std::size_t i) {
  return static_cast<std::uint32_t>(i & 0xff) | 0xabcdef00;
}

}  // namespace

TEST_CASE("a table keeps its names apart, whatever their hashes") {
  const struct {
    const char* title;
    std::uint32_t (*hash)(std::size_t);
  } rows[] = {
      {"spread", spread},
      {"all the same", one_bucket},
      {"the same in their lowest bits", lowest_bits_equal},
      {"the same in their highest bits", highest_bits_equal},
  };
  for (const auto& row : rows) {
    CAPTURE(row.title);
    zone::Table table;
    constexpr std::size_t kNames = 600;
    for (std::size_t i = 0; i < kNames; ++i) table.insert(node_of(owner(i)), row.hash(i));
    CHECK(table.size() == kNames);
    for (std::size_t i = 0; i < kNames; ++i) CHECK(has(table, owner(i), row.hash(i)));
    CHECK_FALSE(has(table, "other", row.hash(0)));
    CHECK_FALSE(has(table, owner(0), row.hash(0) ^ 0x80000000));

    const zone::Table full = table;
    for (std::size_t i = 0; i < kNames; i += 2) CHECK(erase(table, owner(i), row.hash(i)));
    for (std::size_t i = 0; i < kNames; ++i) CHECK(has(table, owner(i), row.hash(i)) == (i % 2 == 1));
    for (std::size_t i = 0; i < kNames; ++i) CHECK(has(full, owner(i), row.hash(i)));
    CHECK_FALSE(erase(table, owner(0), row.hash(0)));
    for (std::size_t i = 1; i < kNames; i += 2) CHECK(erase(table, owner(i), row.hash(i)));
    CHECK(table.size() == 0);
    CHECK(full.size() == kNames);
  }
}

TEST_CASE("an edit of a copy leaves the original alone, and of a table without copies works in place") {
  zone::Table table;
  for (std::size_t i = 0; i < 1000; ++i) table.insert(node_of(owner(i)), spread(i));
  const dns::Name name = name_of(owner(7));
  const zone::Key key{spread(7), false, name.wire()};

  const std::size_t before = test::allocations();
  table.edit(key)->children = 1;
  CHECK(test::allocations() == before);

  zone::Table copy = table;
  CHECK(test::allocations() == before);
  copy.edit(key)->children = 2;
  CHECK(test::allocations() > before);
  CHECK(table.find(key)->children == 1);
  CHECK(copy.find(key)->children == 2);
  CHECK(table.edit({spread(8), false, name.wire()}) == nullptr);
}

TEST_CASE("a table that has lost nearly all its names has lost nearly all its blocks") {
  const std::size_t before = test::live_blocks();
  zone::Table table;
  for (std::size_t i = 0; i < 10'000; ++i) table.insert(node_of(owner(i)), spread(i));
  for (std::size_t i = 10; i < 10'000; ++i) erase(table, owner(i), spread(i));
  CHECK(test::live_blocks() - before <= 10 + 10 + 20);  // nodes, buckets, branches
}

TEST_CASE("for_each calls once for every node") {
  zone::Table table;
  std::set<std::string> expected;
  for (std::size_t i = 0; i < 1000; ++i) {
    table.insert(node_of(owner(i)), spread(i));
    expected.insert(owner(i));
  }
  std::multiset<std::string> seen;
  table.for_each([&](const zone::Node& node) { seen.insert(dns::Name::from_wire(node.owner()).to_text()); });
  CHECK(seen == std::multiset<std::string>(expected.begin(), expected.end()));
}
