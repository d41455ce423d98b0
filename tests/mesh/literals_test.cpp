#include "mesh/entries.hpp"

#include <doctest/doctest.h>

#include <meridian/mesh/literals.hpp>

using namespace meridian::mesh;
using meridian::mesh::testing::joined;

namespace {

// Plays "+address" and "-address" in order, then tells "+added... -removed...".
std::string play(Literals& literals, std::initializer_list<std::string_view> steps) {
  for (std::string_view step : steps) {
    const Address address = *parse_address(step.substr(1));
    step.front() == '+' ? literals.add(address) : literals.remove(address);
  }
  const LiteralChanges changes = literals.take();
  return "+" + joined(changes.added) + " -" + joined(changes.removed);
}

}  // namespace

TEST_CASE("literal addresses are counted") {
  Literals literals;
  SUBCASE("an address comes and goes") {
    CHECK(play(literals, {"+10.0.0.2", "+10.0.0.1"}) == "+10.0.0.1 10.0.0.2 -");
    CHECK(play(literals, {"-10.0.0.2"}) == "+ -10.0.0.2");
    CHECK(play(literals, {}) == "+ -");
  }
  SUBCASE("an address that two entries name is told once") {
    CHECK(play(literals, {"+10.0.0.1", "+10.0.0.1"}) == "+10.0.0.1 -");
    CHECK(play(literals, {"-10.0.0.1"}) == "+ -");
    CHECK(play(literals, {"-10.0.0.1"}) == "+ -10.0.0.1");
  }
  SUBCASE("what came and went in between is not told") {
    CHECK(play(literals, {"+10.0.0.1", "-10.0.0.1"}) == "+ -");
    CHECK(play(literals, {"+10.0.0.1", "-10.0.0.1", "+10.0.0.1"}) == "+10.0.0.1 -");
    CHECK(play(literals, {"-10.0.0.1", "+10.0.0.1"}) == "+ -");
  }
}
