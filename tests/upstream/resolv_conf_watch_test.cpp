// Real files, and a clock of the test's own: when a file is looked at again, and what counts as another one.

#include "upstream/resolv_conf_watch.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

using meridian::upstream::ResolvConfWatch;
using std::chrono::milliseconds;

namespace {

class Files {
 public:
  Files() {
    std::string name = (std::filesystem::temp_directory_path() / "meridian-resolv-XXXXXX").string();
    path = ::mkdtemp(name.data());
  }
  ~Files() { std::filesystem::remove_all(path); }

  void write(const char* name, const std::string& text) const { std::ofstream(path / name) << text; }
  void rename(const char* from, const char* to) const { std::filesystem::rename(path / from, path / to); }
  void link(const char* target, const char* name) const { std::filesystem::create_symlink(target, path / name); }
  void swap_link(const char* target, const char* name) const {
    link(target, "new-link");
    rename("new-link", name);
  }
  // As if everything had happened within one tick of the clock that stamps files.
  void stamp(const char* name) const {
    const timespec times[2] = {{1'700'000'000, 0}, {1'700'000'000, 0}};
    REQUIRE(::utimensat(AT_FDCWD, (path / name).c_str(), times, 0) == 0);
  }

  std::filesystem::path path;
};

// Looks once a second until nothing has changed any more; how many looks saw a change.
struct Looks {
  explicit Looks(std::filesystem::path file) : watch(std::move(file)) {}
  unsigned settle() {
    unsigned seen = 0;
    while (watch.changed(now += ResolvConfWatch::kInterval)) ++seen;
    return seen;
  }
  ResolvConfWatch watch;
  ResolvConfWatch::Time now = ResolvConfWatch::Time() + std::chrono::hours(1);
};

}  // namespace

TEST_CASE("a file that nobody touches is new at first and then not") {
  const Files files;
  files.write("resolv.conf", "nameserver 10.0.0.1\n");
  Looks looks(files.path / "resolv.conf");
  CHECK(looks.settle() >= 1);
  CHECK(looks.settle() == 0);
}

TEST_CASE("a file is not looked at more often than once a second") {
  const Files files;
  files.write("resolv.conf", "one\n");
  Looks looks(files.path / "resolv.conf");
  looks.settle();
  files.write("resolv.conf", "another\n");
  CHECK_FALSE(looks.watch.changed(looks.now + milliseconds(999)));
  CHECK(looks.watch.changed(looks.now + milliseconds(1000)));
}

TEST_CASE("a file becomes another one") {
  const Files files;
  files.write("resolv.conf", "one\n");
  files.write("a", "one\n");
  files.write("b", "one\n");
  files.link("a", "link");
  std::filesystem::create_directories(files.path / "v1");
  std::filesystem::create_directories(files.path / "v2");
  files.write("v1/resolv.conf", "one\n");
  files.write("v2/resolv.conf", "one\n");
  files.link("v1", "..data");
  files.link("..data/resolv.conf", "mounted");

  const struct {
    const char* title;
    const char* file;
    void (*change)(const Files&);
  } cases[] = {
      {"by being rewritten", "resolv.conf", [](const Files& f) { f.write("resolv.conf", "three\n"); }},
      {"by a rename over it", "resolv.conf", [](const Files& f) { f.rename("a", "resolv.conf"); }},
      {"by being deleted", "resolv.conf", [](const Files& f) { std::filesystem::remove(f.path / "resolv.conf"); }},
      {"by being emptied", "resolv.conf", [](const Files& f) { f.write("resolv.conf", ""); }},
      {"by coming", "later", [](const Files& f) { f.write("later", "one\n"); }},
      {"by another target of its link", "link", [](const Files& f) { f.swap_link("b", "link"); }},
      {"by another content of its link's target", "link", [](const Files& f) { f.write("a", "three\n"); }},
      {"by the swap of a ConfigMap's ..data", "mounted", [](const Files& f) { f.swap_link("v2", "..data"); }},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      Looks looks(files.path / c.file);
      looks.settle();
      c.change(files);
      CHECK(looks.settle() >= 1);
      CHECK(looks.settle() == 0);
    }
  }
}

TEST_CASE("a file that is written again within one tick, to the same size, is looked at once more") {
  const Files files;
  Looks looks(files.path / "resolv.conf");
  looks.settle();
  files.write("resolv.conf", "nameserver 10.0.0.1\n");
  files.stamp("resolv.conf");
  REQUIRE(looks.watch.changed(looks.now += ResolvConfWatch::kInterval));
  files.write("resolv.conf", "nameserver 10.0.0.2\n");
  files.stamp("resolv.conf");
  CHECK(looks.watch.changed(looks.now += ResolvConfWatch::kInterval));
  CHECK_FALSE(looks.watch.changed(looks.now += ResolvConfWatch::kInterval));
}
