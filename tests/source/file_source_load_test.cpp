#include <doctest/doctest.h>

#include <spdlog/fmt/fmt.h>

#include "source/file_source_fixture.hpp"

namespace meridian::source {
namespace {

std::string address(int i) {
  return fmt::format("240.1.{}.{}", i / 250, i % 250 + 1);
}

TEST_CASE("500 rewrites: the last one is right, and other names never flicker") {
  TemporaryDirectory directory;
  write(directory / "it.yaml", entry("it", "240.0.0.2"));
  write(directory / "other.yaml", entry("other", "240.0.0.3"));
  Watched watched(directory.path());
  REQUIRE(watched.until_held("it=240.0.0.2 other=240.0.0.3"));
  for (int i = 0; i < 500; ++i) {
    const auto text = entry("it", address(i));
    switch (i % 3) {
      case 0:
        replace(directory / "it.yaml", text);
        break;
      case 1:
        write(directory / "it.yaml", text);
        break;
      case 2:
        fs::rename(directory / "it.yaml", directory / "it.yaml~");
        write(directory / "it.yaml", text);
        break;
    }
    if (i % 10 == 0) REQUIRE(watched.until_held(fmt::format("it={} other=240.0.0.3", address(i))));
  }
  CHECK(watched.until_held(fmt::format("it={} other=240.0.0.3", address(499))));
  CHECK(watched.told_of("other") == 1);
  CHECK(watched.removals == 0);
}

TEST_CASE("1,000 files come, change and go") {
  TemporaryDirectory directory;
  const auto path = [&](int i) { return directory / fmt::format("f{:04}.yaml", i); };
  for (int i = 0; i < 1000; ++i) write(path(i), entry(fmt::format("e{:04}", i), address(i)));
  Watched watched(directory.path());
  REQUIRE(watched.until_synced());
  CHECK(watched.entries.size() == 1000);
  CHECK(watched.updates.size() == 1);
  for (int i = 0; i < 1000; i += 2) replace(path(i), entry(fmt::format("e{:04}", i), "240.9.9.9"));
  for (int i = 1; i < 1000; i += 2) fs::remove(path(i));
  CHECK(watched.until([&] { return watched.entries.size() == 500; }));
  CHECK(watched.until([&] {
    for (const auto& [key, entry] : watched.entries)
      if (entry->addresses.front().to_string() != "240.9.9.9") return false;
    return true;
  }));
  CHECK(watched.removals == 500);
}

TEST_CASE("events that the kernel had no room for are made up for at once") {
  TemporaryDirectory directory;
  write(directory / "a.yaml", entry("a", "240.0.0.2"));
  Watched watched(directory.path());
  REQUIRE(watched.until_held("a=240.0.0.2"));

  int room = 0;
  std::ifstream("/proc/sys/fs/inotify/max_queued_events") >> room;
  REQUIRE(room > 0);
  // Nobody reads the queue meanwhile. Equal events in a row would count as one.
  const auto left = directory / "left", right = directory / "right";
  write(left, "");
  for (int i = 0; i < room; ++i) fs::rename(i % 2 ? right : left, i % 2 ? left : right);
  replace(directory / "a.yaml", entry("a", "240.0.0.4"));
  write(directory / "b.yaml", entry("b", "240.0.0.5"));
  CHECK(watched.until_held("a=240.0.0.4 b=240.0.0.5"));
  CHECK(watched.count(Update::Kind::Rescan) == 0);
}

TEST_CASE("a list of 10,000 entries") {
  TemporaryDirectory directory;
  std::string list = "apiVersion: v1\nkind: List\nitems:\n";
  for (int i = 0; i < 10'000; ++i)
    list += fmt::format(
        "- {{apiVersion: networking.istio.io/v1, kind: ServiceEntry, metadata: {{name: e{}}}, "
        "spec: {{hosts: [e{}.global], addresses: [{}]}}}}\n",
        i, i, address(i));
  write(directory / "list.yaml", list);
  Watched watched(directory.path());
  REQUIRE(watched.until_synced());
  CHECK(watched.entries.size() == 10'000);
  const std::string one = "hosts: [e77.global]";
  list.replace(list.find(one), one.size(), "hosts: [x77.global]");
  replace(directory / "list.yaml", list);
  CHECK(watched.until([&] { return watched.updates.size() == 2; }));
  CHECK(watched.updates.back().put.size() == 1);
}

}  // namespace
}  // namespace meridian::source
