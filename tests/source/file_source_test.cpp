#include "source/file_source.hpp"

#include <doctest/doctest.h>

#include "source/file_source_fixture.hpp"
#include "source/settling.hpp"

namespace meridian::source {
namespace {

TEST_CASE("the first update is the complete set") {
  TemporaryDirectory directory;
  write(directory / "b.yaml", entry("b1", "240.0.0.2") + "---\n" + entry("b2", "240.0.0.3"));
  write(
      directory / "a.json",
      R"({"apiVersion":"networking.istio.io/v1beta1","kind":"ServiceEntry","metadata":{"name":"a"},"spec":{"hosts":["a.global"],"addresses":["240.0.0.4"]}})");
  write(directory / "notes.txt", "nothing of ours");
  write(directory / ".hidden.yaml", entry("hidden", "240.0.0.9"));
  fs::create_directory(directory / "below");
  write(directory / "below/c.yaml", entry("below", "240.0.0.9"));
  Watched watched(directory.path());

  CHECK(watched.until_held("a=240.0.0.4 b1=240.0.0.2 b2=240.0.0.3"));
  REQUIRE(watched.updates.size() == 1);
  CHECK((watched.updates[0].kind == Update::Kind::Sync));
  CHECK(watched.source().state().up);
  CHECK(watched.source().state().problems.empty());
  const auto& a = *watched.entries.begin()->second;
  CHECK(a.origin == (directory / "a.json").string());
  CHECK(a.resource_version.size() == 16);
}

TEST_CASE("an empty directory is a complete set too") {
  TemporaryDirectory directory;
  Watched watched(directory.path());
  CHECK(watched.until_synced());
  CHECK(watched.entries.empty());
}

TEST_CASE("changes of files become changes of entries, once each") {
  TemporaryDirectory directory;
  write(directory / "a.yaml", entry("a", "240.0.0.2"));
  write(directory / "b.yaml", entry("b", "240.0.0.3"));
  Watched watched(directory.path());
  REQUIRE(watched.until_held("a=240.0.0.2 b=240.0.0.3"));

  SUBCASE("written in place") {
    write(directory / "a.yaml", entry("a", "240.0.0.4"));
    CHECK(watched.until_held("a=240.0.0.4 b=240.0.0.3"));
    CHECK(watched.told_of("a") == 2);
  }
  SUBCASE("renamed into place") {
    replace(directory / "a.yaml", entry("a", "240.0.0.4"));
    CHECK(watched.until_held("a=240.0.0.4 b=240.0.0.3"));
    CHECK(watched.told_of("a") == 2);
  }
  SUBCASE("a new file") {
    write(directory / "c.yaml", entry("c", "240.0.0.5"));
    CHECK(watched.until_held("a=240.0.0.2 b=240.0.0.3 c=240.0.0.5"));
  }
  SUBCASE("a file that goes") {
    fs::remove(directory / "a.yaml");
    CHECK(watched.until_held("b=240.0.0.3"));
  }
  SUBCASE("a file that gets another name: its entry never goes") {
    fs::rename(directory / "a.yaml", directory / "z.yaml");
    CHECK(watched.until([&] { return watched.entries.begin()->second->origin == (directory / "z.yaml").string(); }));
    CHECK(watched.removals == 0);
  }
  SUBCASE("a name that no longer counts") {
    fs::rename(directory / "a.yaml", directory / "a.yaml.bak");
    CHECK(watched.until_held("b=240.0.0.3"));
  }
  SUBCASE("vim's way: a backup by rename, the file anew, the backup removed") {
    write(directory / "4913", "");
    fs::remove(directory / "4913");
    fs::rename(directory / "a.yaml", directory / "a.yaml~");
    write(directory / "a.yaml", entry("a", "240.0.0.4"));
    fs::remove(directory / "a.yaml~");
    CHECK(watched.until_held("a=240.0.0.4 b=240.0.0.3"));
    CHECK(watched.removals == 0);
    CHECK(watched.told_of("a") == 2);
  }
  SUBCASE("the same content again is no change") {
    replace(directory / "a.yaml", "# a comment\n" + entry("a", "240.0.0.2"));
    fs::last_write_time(directory / "b.yaml", fs::file_time_type::clock::now());
    CHECK(watched.until_rescanned());
    CHECK(watched.told_of("a") == 1);
    CHECK(watched.told_of("b") == 1);
  }
  CHECK(watched.told_of("b") == 1);
}

TEST_CASE("a file that is written without being closed is read when it rests") {
  TemporaryDirectory directory;
  write(directory / "a.yaml", entry("a", "240.0.0.2"));
  Watched watched(directory.path());
  REQUIRE(watched.until_held("a=240.0.0.2"));

  std::ofstream open(directory / "b.yaml");
  const auto text = entry("b", "240.0.0.31");
  open << text.substr(0, text.size() - 1) << std::flush;
  CHECK(watched.until_held("a=240.0.0.2 b=240.0.0.31"));
}

TEST_CASE("half a file is not read while the other half is being written") {
  TemporaryDirectory directory;
  write(directory / "a.yaml", entry("a", "240.0.0.2"));
  Watched watched(directory.path());
  REQUIRE(watched.until_held("a=240.0.0.2"));

  // Cut where YAML is valid and wrong, again and again; other files are seen meanwhile.
  std::ofstream open(directory / "a.yaml");
  const auto text = entry("a", "240.0.0.31");
  const auto begin = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < text.size(); ++i) {
    open << text[i] << std::flush;
    if (i % 40 != 0) continue;
    const auto other = "b=240.0.1." + std::to_string(i);
    replace(directory / "b.yaml", entry("b", other.substr(2)));
    REQUIRE(watched.until([&] { return watched.held().ends_with(other); }));
  }
  const bool rested = std::chrono::steady_clock::now() - begin > Settling::kQuiet;  // a slow machine may see a half
  open.close();
  CHECK(watched.until([&] { return watched.held().starts_with("a=240.0.0.31 "); }));
  CHECK((watched.told_of("a") == 2 || rested));
}

TEST_CASE("a rescan ends in an update of its kind, also without news") {
  TemporaryDirectory directory;
  write(directory / "a.yaml", entry("a", "240.0.0.2"));
  Watched watched(directory.path());
  REQUIRE(watched.until_synced());
  CHECK(watched.until_rescanned());
  CHECK(watched.updates.back().put.empty());
  CHECK(watched.updates.back().removed.empty());
}

TEST_CASE("the same entry in two files: the one whose path sorts first is served, and the other reported") {
  TemporaryDirectory directory;
  write(directory / "b.yaml", entry("x", "240.0.0.2"));
  Watched watched(directory.path());
  REQUIRE(watched.until_held("x=240.0.0.2"));

  write(directory / "c.yaml", "# first line\n" + entry("x", "240.0.0.3"));
  CHECK(watched.until_problem("c.yaml:2: default/x is in"));
  CHECK(watched.held() == "x=240.0.0.2");
  write(directory / "a.yaml", entry("x", "240.0.0.4"));
  CHECK(watched.until_held("x=240.0.0.4"));
  fs::remove(directory / "a.yaml");
  fs::remove(directory / "b.yaml");
  CHECK(watched.until_held("x=240.0.0.3"));
  CHECK(watched.removals == 0);
  CHECK(watched.until([&] { return watched.source().state().problems.empty(); }));
}

TEST_CASE("a source that was stopped tells nothing more, and may go at any time") {
  TemporaryDirectory directory;
  boost::asio::io_context loop;
  bool told = false;
  auto source = make_file_source(loop, "files", directory.path(), {}, {});
  source->start([&](const Update&) { told = true; });
  source->rescan();
  source->stop();
  SUBCASE("stopped") {}
  SUBCASE("gone") {
    source.reset();
  }
  loop.run();
  CHECK_FALSE(told);
}

}  // namespace
}  // namespace meridian::source
