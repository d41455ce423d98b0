// The guard and the snapshot, seen from the answers.

#include <doctest/doctest.h>

#include <filesystem>

#include "running_reconciler.hpp"

using namespace meridian;
using namespace meridian::control::test;

namespace {

std::string hosts(int from, int to) {
  std::string entries;
  for (int i = from; i < to; ++i) {
    const auto n = std::to_string(i);
    entries += entry("h" + n, "hosts: [h" + n + ".bar.global], addresses: [240.1.0." + n + "], resolution: STATIC");
  }
  return entries;
}

}  // namespace

TEST_CASE("a file that loses most of its entries") {
  const Scratch scratch;
  scratch.write("a.yaml", hosts(1, 31));
  RunningReconciler it(scratch.config());
  REQUIRE(it.answers("h30.bar.global", "NOERROR 240.1.0.30"));

  scratch.write("a.yaml", hosts(1, 3) + hosts(40, 41));
  REQUIRE(it.answers("h40.bar.global", "NOERROR 240.1.0.40"));  // what comes is answered at once
  CHECK(it.ask("h30.bar.global") == "NOERROR 240.1.0.30");      // what goes is held back
  CHECK(it.reconciler().sources().guard_trips() == 1);

  SUBCASE("is believed when a second look finds the same") {
    it.reconciler().rescan();
    REQUIRE(it.answers("h30.bar.global", "NXDOMAIN"));
    CHECK(it.ask("h1.bar.global") == "NOERROR 240.1.0.1");
  }
  SUBCASE("is forgotten when they come back") {
    scratch.write("a.yaml", hosts(1, 31));
    REQUIRE(it.until([&] { return it.reconciler().sources().status().front().held == 0; }));
    it.reconciler().rescan();
    scratch.write("b.yaml", hosts(50, 51));
    REQUIRE(it.answers("h50.bar.global", "NOERROR 240.1.0.50"));
    CHECK(it.ask("h30.bar.global") == "NOERROR 240.1.0.30");
  }
}

TEST_CASE("half of the entries may go at once") {
  const Scratch scratch;
  scratch.write("a.yaml", hosts(1, 31));
  RunningReconciler it(scratch.config());
  REQUIRE(it.answers("h30.bar.global", "NOERROR 240.1.0.30"));
  scratch.write("a.yaml", hosts(1, 16));
  CHECK(it.answers("h30.bar.global", "NXDOMAIN"));
}

TEST_CASE("a restart finds its source changed") {
  const Scratch scratch;
  scratch.write("a.yaml", hosts(1, 31));
  {
    RunningReconciler it(scratch.config());
    REQUIRE(it.answers("h30.bar.global", "NOERROR 240.1.0.30"));
  }
  SUBCASE("emptied: the last run's hosts are answered until a second look confirms it") {
    scratch.remove("a.yaml");
    RunningReconciler it(scratch.config());
    REQUIRE(it.answers("h30.bar.global", "NOERROR 240.1.0.30"));
    it.reconciler().rescan();
    CHECK(it.answers("h30.bar.global", "NXDOMAIN"));
  }
  SUBCASE("gone: the last run's hosts are answered, marked stale") {
    std::filesystem::remove_all(scratch.path() / "entries");
    RunningReconciler it(scratch.config());
    REQUIRE(it.answers("h30.bar.global", "NOERROR 240.1.0.30"));
    CHECK(it.reconciler().sources().status().front().stale);
    CHECK(it.ask("unknown.bar.global") == "NXDOMAIN");  // the last run is complete
    std::filesystem::create_directory(scratch.path() / "entries");
    scratch.write("a.yaml", hosts(1, 32));
    REQUIRE(it.answers("h31.bar.global", "NOERROR 240.1.0.31"));
    CHECK_FALSE(it.reconciler().sources().status().front().stale);
  }
  SUBCASE("a few less: they are gone at once") {
    scratch.write("a.yaml", hosts(1, 29));
    RunningReconciler it(scratch.config());
    REQUIRE(it.answers("h1.bar.global", "NOERROR 240.1.0.1"));
    CHECK(it.answers("h30.bar.global", "NXDOMAIN"));
  }
}

TEST_CASE("a reload that changes a source") {
  const Scratch scratch;
  scratch.write("a.yaml", hosts(1, 31));
  auto config = scratch.config();
  RunningReconciler it(config);
  REQUIRE(it.answers("h30.bar.global", "NOERROR 240.1.0.30"));

  SUBCASE("its limits: no host is gone in between") {
    config.limits.object_size /= 2;
    it.reconciler().reload(config);
    CHECK(it.ask("h30.bar.global") == "NOERROR 240.1.0.30");
    CHECK(it.reconciler().sources().status().front().stale);
    CHECK(it.until([&] { return !it.reconciler().sources().status().front().stale; }));
    CHECK(it.ask("h30.bar.global") == "NOERROR 240.1.0.30");
  }
  SUBCASE("its name: no host is gone in between") {
    config.sources.front().name = "other";
    it.reconciler().reload(config);
    CHECK(it.ask("h30.bar.global") == "NOERROR 240.1.0.30");
  }
  SUBCASE("to a path that is not there: the hosts are answered, marked stale") {
    config.sources.front().files = scratch.path() / "nowhere";
    it.reconciler().reload(config);
    REQUIRE(it.until([&] { return !it.reconciler().sources().status().front().state.trouble.empty(); }));
    CHECK(it.ask("h30.bar.global") == "NOERROR 240.1.0.30");
    CHECK(it.reconciler().sources().status().front().stale);
  }
  SUBCASE("to an empty directory: a second look confirms that it is meant") {
    config.sources.front().files = scratch.path() / "empty";
    std::filesystem::create_directory(config.sources.front().files);
    it.reconciler().reload(config);
    REQUIRE(it.until([&] { return it.reconciler().sources().guard_trips() == 1; }));
    CHECK(it.ask("h30.bar.global") == "NOERROR 240.1.0.30");
    it.reconciler().rescan();
    CHECK(it.answers("h30.bar.global", "NXDOMAIN"));
  }
  SUBCASE("away: its hosts go at once") {
    config.sources.front() = {"other", scratch.path() / "empty", {}};
    std::filesystem::create_directory(config.sources.front().files);
    it.reconciler().reload(config);
    CHECK(it.ask("h30.bar.global") == "NXDOMAIN");
  }
}

TEST_CASE("the SOA serial grows over a restart") {
  const Scratch scratch;
  scratch.write("a.yaml", hosts(1, 3));
  const auto serial = [&scratch] {
    RunningReconciler it(scratch.config());
    REQUIRE(it.answers("h1.bar.global", "NOERROR 240.1.0.1"));
    return it.reconciler().zones().zones().front()->serial();
  };
  const auto first = serial(), second = serial();
  CHECK(static_cast<std::int32_t>(second - first) > 0);
}
