#include "mesh/entries.hpp"

#include <doctest/doctest.h>

#include <meridian/mesh/shared_vips.hpp>

using meridian::mesh::SharedVips;
using meridian::mesh::testing::joined;

namespace {

std::string sharers(const SharedVips& shared, const char* key) {
  const auto hosts = shared.sharers_of(key);
  return joined(std::vector<std::string>(hosts.begin(), hosts.end()));
}

}  // namespace

TEST_CASE("who shares the VIP of another host is remembered") {
  SharedVips shared;
  shared.remember({"a", "b", "c"}, "a");
  CHECK(joined(shared.keys_of("b")) == "a");
  CHECK(joined(shared.keys_of("a")) == "");
  CHECK(sharers(shared, "a") == "b c");

  SUBCASE("until it shares another's") {
    shared.remember({"b"}, "x");
    CHECK(joined(shared.keys_of("b")) == "x");
    CHECK(sharers(shared, "a") == "c");
    CHECK(sharers(shared, "x") == "b");
  }
  SUBCASE("until it has one of its own") {
    shared.remember({"b"}, "b");
    CHECK(joined(shared.keys_of("b")) == "");
    CHECK(sharers(shared, "a") == "c");
  }
  SUBCASE("until it is forgotten") {
    shared.forget("b");
    shared.forget("c");
    shared.forget("nobody");
    CHECK(sharers(shared, "a") == "");
  }
  SUBCASE("under both names, while one changes to the other") {
    shared.remember({"b", "c"}, "b", "a");
    CHECK(joined(shared.keys_of("b")) == "a");
    CHECK(joined(shared.keys_of("c")) == "b a");
    CHECK(sharers(shared, "a") == "b c");
    CHECK(sharers(shared, "b") == "c");
    shared.remember({"b", "c"}, "b");
    CHECK(joined(shared.keys_of("b")) == "");
    CHECK(joined(shared.keys_of("c")) == "b");
    CHECK(sharers(shared, "a") == "");
  }
}
