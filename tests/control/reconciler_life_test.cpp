// Signals come when they like, while the last run is still being loaded too.

#include <doctest/doctest.h>

#include "running_reconciler.hpp"

using namespace meridian;
using namespace meridian::control::test;

TEST_CASE("a reconciler that is told to stop leaves nothing running") {
  const Scratch scratch;
  scratch.write("a.yaml", entry("a", "hosts: [a.bar.global], addresses: [240.0.0.3]"));
  RunningReconciler it(scratch.config());
  SUBCASE("before the last run is loaded") {}
  SUBCASE("when it answers") {
    REQUIRE(it.answers("a.bar.global", "NOERROR 240.0.0.3"));
  }
  CHECK(it.comes_to_rest());
}

TEST_CASE("a configuration that comes before the last run is loaded is the one that is served") {
  const Scratch scratch;
  scratch.write("a.yaml", entry("a", "hosts: [a.bar.global, a.bar.mesh], addresses: [240.0.0.3]"));
  RunningReconciler it(scratch.config());
  auto next = scratch.config();
  next.zones.front().name = "mesh";
  it.reconciler().reload(next);
  REQUIRE(it.answers("a.bar.mesh", "NOERROR 240.0.0.3"));
  CHECK(it.ask("a.bar.global") == "REFUSED");
}
