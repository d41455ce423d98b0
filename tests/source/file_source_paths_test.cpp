#include <doctest/doctest.h>

#include "source/file_source_fixture.hpp"

namespace meridian::source {
namespace {

// A ConfigMap mount as kubelet makes it: a.yaml -> ..data/a.yaml, ..data -> ..1; a new version is a directory and one
// rename of a link.
void swap_data(const TemporaryDirectory& mount, const std::string& version,
               const std::map<std::string, std::string>& files) {
  fs::create_directory(mount / version);
  for (const auto& [name, text] : files) write(mount / (version + "/" + name), text);
  const auto old = fs::exists(mount / "..data") ? fs::read_symlink(mount / "..data") : fs::path();
  fs::create_symlink(version, mount / "..data_tmp");
  fs::rename(mount / "..data_tmp", mount / "..data");
  for (const auto& [name, text] : files)
    if (!fs::is_symlink(mount / name)) fs::create_symlink("..data/" + name, mount / name);
  for (const auto& each : fs::directory_iterator(mount.path()))
    if (const auto name = each.path().filename().string(); name[0] != '.' && !files.contains(name)) fs::remove(each);
  if (!old.empty()) fs::remove_all(mount / old.string());
}

TEST_CASE("a ConfigMap mount: each swap is one change") {
  TemporaryDirectory mount;
  swap_data(mount, "..1", {{"a.yaml", entry("a", "240.0.0.2")}, {"b.yaml", entry("b", "240.0.0.3")}});
  Watched watched(mount.path());
  REQUIRE(watched.until_held("a=240.0.0.2 b=240.0.0.3"));

  swap_data(mount, "..2", {{"a.yaml", entry("a", "240.0.0.4")}, {"b.yaml", entry("b", "240.0.0.3")}});
  CHECK(watched.until_held("a=240.0.0.4 b=240.0.0.3"));
  CHECK(watched.told_of("a") == 2);
  CHECK(watched.told_of("b") == 1);
  swap_data(mount, "..3", {{"a.yaml", entry("a", "240.0.0.5")}, {"c.yaml", entry("c", "240.0.0.6")}});
  CHECK(watched.until_held("a=240.0.0.5 c=240.0.0.6"));
  swap_data(mount, "..4", {{"a.yaml", entry("a", "240.0.0.7")}, {"c.yaml", entry("c", "240.0.0.6")}});
  CHECK(watched.until_held("a=240.0.0.7 c=240.0.0.6"));
  CHECK(watched.removals == 1);
  CHECK(watched.until([&] { return watched.source().state().problems.empty(); }));
}

TEST_CASE("a link to a file elsewhere is followed") {
  TemporaryDirectory directory, elsewhere;
  write(elsewhere / "real", entry("a", "240.0.0.2"));
  fs::create_symlink(elsewhere / "real", directory / "a.yaml");
  Watched watched(directory.path());
  REQUIRE(watched.until_held("a=240.0.0.2"));
  SUBCASE("written in place") {
    write(elsewhere / "real", entry("a", "240.0.0.4"));
  }
  SUBCASE("renamed into place") {
    replace(elsewhere / "real", entry("a", "240.0.0.4"));
  }
  SUBCASE("the link replaced by a file") {
    replace(directory / "a.yaml", entry("a", "240.0.0.4"));
  }
  CHECK(watched.until_held("a=240.0.0.4"));
  CHECK(watched.removals == 0);
}

TEST_CASE("a directory that is not there is a source that is down, and picked up when it comes") {
  TemporaryDirectory directory;
  const auto path = directory / "deep/er/entries";
  Watched watched(path);
  REQUIRE(watched.until([&] { return !watched.source().state().trouble.empty(); }));
  CHECK(watched.source().state().trouble == path.string() + " does not exist: create it, or correct sources: files");
  CHECK_FALSE(watched.source().state().up);
  CHECK(watched.count(Update::Kind::Sync) == 0);

  SUBCASE("made step by step and filled: one complete set") {
    fs::create_directories(path);
    write(path / "a.yaml", entry("a", "240.0.0.2"));
    write(path / "b.yaml", entry("b", "240.0.0.3"));
    CHECK(watched.until_held("a=240.0.0.2 b=240.0.0.3"));
    CHECK(watched.updates.back().put.size() == 2);
  }
  SUBCASE("renamed into place") {
    fs::create_directories(directory / "deep/other/entries");
    write(directory / "deep/other/entries/a.yaml", entry("a", "240.0.0.2"));
    fs::rename(directory / "deep/other", directory / "deep/er");
    CHECK(watched.until_held("a=240.0.0.2"));
  }
  SUBCASE("a link on the way") {
    fs::create_directories(directory / "real/entries");
    write(directory / "real/entries/a.yaml", entry("a", "240.0.0.2"));
    fs::create_directory(directory / "deep");
    fs::create_symlink("../real", directory / "deep/er");
    CHECK(watched.until_held("a=240.0.0.2"));
  }
  CHECK(watched.count(Update::Kind::Sync) == 1);
  CHECK(watched.source().state().up);
}

TEST_CASE("a directory that vanishes is no mass delete") {
  TemporaryDirectory directory;
  const auto path = directory / "entries";
  fs::create_directory(path);
  for (const auto* name : {"a", "b", "c"}) write(path / (std::string(name) + ".yaml"), entry(name, "240.0.0.2"));
  Watched watched(path);
  REQUIRE(watched.until_held("a=240.0.0.2 b=240.0.0.2 c=240.0.0.2"));
  const auto is_down = [&] { return !watched.source().state().up; };

  SUBCASE("deleted, and made again") {
    fs::remove_all(path);
    CHECK(watched.until(is_down));
    CHECK(watched.entries.size() == 3);
    fs::create_directory(path);
    write(path / "a.yaml", entry("a", "240.0.0.2"));
    write(path / "b.yaml", entry("b", "240.0.0.4"));
    CHECK(watched.until_held("a=240.0.0.2 b=240.0.0.4"));
    CHECK(watched.told_of("a") == 1);
  }
  SUBCASE("renamed away, and another in its place") {
    fs::rename(path, directory / "old");
    CHECK(watched.until(is_down));
    CHECK(watched.held() == "a=240.0.0.2 b=240.0.0.2 c=240.0.0.2");
    fs::create_directory(directory / "new");
    write(directory / "new/b.yaml", entry("b", "240.0.0.4"));
    fs::rename(directory / "new", path);
    CHECK(watched.until_held("b=240.0.0.4"));
    // What happens to the old one is no business of ours any more.
    write(directory / "old/z.yaml", entry("z", "240.0.0.9"));
    write(path / "c.yaml", entry("c", "240.0.0.5"));
    CHECK(watched.until_held("b=240.0.0.4 c=240.0.0.5"));
  }
  SUBCASE("a link that is swapped for another") {
    fs::rename(path, directory / "v1");
    fs::create_symlink("v1", path);
    CHECK(watched.until([&] { return watched.source().state().up && watched.until_rescanned(); }));
    fs::create_directory(directory / "v2");
    for (const auto* name : {"a", "b"})
      write(directory / (std::string("v2/") + name + ".yaml"), entry(name, "240.0.0.3"));
    fs::create_symlink("v2", directory / "next");
    fs::rename(directory / "next", path);
    CHECK(watched.until_held("a=240.0.0.3 b=240.0.0.3"));
  }
}

TEST_CASE("one file as the source") {
  TemporaryDirectory directory;
  const auto path = directory / "the-entries";  // the name is the operator's choice
  write(path, entry("a", "240.0.0.2"));
  write(directory / "b.yaml", entry("b", "240.0.0.3"));
  Watched watched(path);
  REQUIRE(watched.until_held("a=240.0.0.2"));

  write(path, entry("a", "240.0.0.4"));
  CHECK(watched.until_held("a=240.0.0.4"));
  replace(path, entry("a", "240.0.0.5"));
  CHECK(watched.until_held("a=240.0.0.5"));
  replace(path, entry("a", "240.0.0.6"));
  CHECK(watched.until_held("a=240.0.0.6"));
  fs::remove(path);
  CHECK(watched.until([&] { return !watched.source().state().up; }));
  CHECK(watched.held() == "a=240.0.0.6");
  write(path, entry("a", "240.0.0.7"));
  CHECK(watched.until_held("a=240.0.0.7"));
  CHECK(watched.source().state().up);
  CHECK(watched.removals == 0);
}

TEST_CASE("one file that can't be read is a source that is down") {
  Watched watched("/dev/zero");
  REQUIRE(watched.until([&] { return !watched.source().state().trouble.empty(); }));
  CHECK(watched.source().state().trouble.starts_with("/dev/zero is a device"));
  const auto told = watched.updates.size();
  watched.source().rescan();
  CHECK(watched.until([&] { return watched.updates.size() > told; }));
  CHECK((watched.updates.back().kind == Update::Kind::State));
  CHECK_FALSE(watched.source().state().synced);
}

TEST_CASE("a file takes the place of the directory, and a directory that of the file") {
  TemporaryDirectory directory;
  const auto path = directory / "entries";
  fs::create_directory(path);
  write(path / "a.yaml", entry("a", "240.0.0.2"));
  write(directory / "a.yaml", entry("other", "240.0.0.9"));
  Watched watched(path);
  REQUIRE(watched.until_held("a=240.0.0.2"));
  fs::rename(path, directory / "old");
  write(path, entry("b", "240.0.0.3"));
  CHECK(watched.until_held("b=240.0.0.3"));
  fs::remove(path);
  fs::rename(directory / "old", path);
  CHECK(watched.until_held("a=240.0.0.2"));
}

}  // namespace
}  // namespace meridian::source
