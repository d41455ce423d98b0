#include <doctest/doctest.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "source/file_source_fixture.hpp"

namespace meridian::source {
namespace {

TEST_CASE("a file that can't be read is named, costs nobody else anything, and keeps its last good version") {
  TemporaryDirectory directory;
  write(directory / "good.yaml", entry("good", "240.0.0.2"));
  write(directory / "it.yaml", entry("it", "240.0.0.3"));
  const auto it = directory / "it.yaml";
  struct {
    const char* title;
    const char* words;
    std::function<void()> make;
  } cases[] = {
      {"a FIFO", "it.yaml: is a FIFO", [&] { REQUIRE(::mkfifo(it.c_str(), 0600) == 0); }},
      {"a device that never ends", "it.yaml: is a device", [&] { fs::create_symlink("/dev/zero", it); }},
      {"a directory", "it.yaml: is a directory", [&] { fs::create_directory(it); }},
      {"a link that leads nowhere", "it.yaml: leads nowhere", [&] { fs::create_symlink("nowhere", it); }},
      {"a link to itself", "it.yaml: a symbolic link that leads back", [&] { fs::create_symlink("it.yaml", it); }},
      {"8 GiB of nothing", "it.yaml: has 8589934592 octets, 67108864 are allowed: split it",
       [&] {
         write(directory / "sparse", "");
         fs::resize_file(directory / "sparse", 8ull << 30);
         fs::rename(directory / "sparse", it);
       }},
      {"bad UTF-8", "it.yaml:1: octet 0xff is no UTF-8", [&] { replace(it, "\xff"); }},
      {"half of a document", "it.yaml:2: a document without kind",
       [&] { replace(it, "#\napiVersion: networking.istio.io/v1\n"); }},
      {"an alias bomb", "it.yaml:1: more than",
       [&] {
         std::string bomb = "a: &a [" + std::string(2 << 20, 'x') + "]\nb: [*a";
         for (int i = 0; i < 20; ++i) bomb += ", *a";
         replace(it, bomb + "]\n");
       }},
      {"100,000 brackets", "it.yaml:1: ", [&] { replace(it, std::string(100'000, '[')); }},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      SUBCASE("while running") {
        Watched watched(directory.path());
        REQUIRE(watched.until_held("good=240.0.0.2 it=240.0.0.3"));
        fs::remove(it);
        c.make();
        CHECK(watched.until_problem(c.title == std::string("an alias bomb") ? "it.yaml:2: more than" : c.words));
        replace(directory / "other.yaml", entry("other", "240.0.0.4"));
        CHECK(watched.until_held("good=240.0.0.2 it=240.0.0.3 other=240.0.0.4"));
        CHECK(watched.until_rescanned());
        CHECK(watched.told_of("it") == 1);

        fs::remove_all(it);
        replace(it, entry("it", "240.0.0.5"));
        CHECK(watched.until_held("good=240.0.0.2 it=240.0.0.5 other=240.0.0.4"));
        CHECK(watched.until([&] { return watched.source().state().problems.empty(); }));
        CHECK(watched.told_of("good") == 1);
        CHECK(watched.removals == 0);
      }
      SUBCASE("at the start, with and without an entry of the last run") {
        std::vector<EntryPtr> previous;
        {
          Watched last_run(directory.path());
          REQUIRE(last_run.until_held("good=240.0.0.2 it=240.0.0.3"));
          for (const auto& [key, entry] : last_run.entries) previous.push_back(entry);
        }
        fs::remove(it);
        c.make();
        CHECK(Watched(directory.path()).until_held("good=240.0.0.2"));
        CHECK(Watched(directory.path(), previous).until_held("good=240.0.0.2 it=240.0.0.3"));
      }
    }
  }
}

// Root reads everything, so a child without privileges looks. Its exit status: 0 if all is well.
int look_without_permission(const fs::path& directory) {
  const auto child = ::fork();
  if (child == 0) {
    if (::getuid() == 0 && (::setgid(65534) != 0 || ::setuid(65534) != 0)) ::_exit(2);
    Watched watched(directory);
    const bool fine = watched.until([&] { return watched.held() == "good=240.0.0.2"; }) &&
                      watched.problem("it.yaml: permission denied: make it readable") != "";
    ::_exit(fine ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

TEST_CASE("a file without permission is named") {
  TemporaryDirectory directory;
  fs::permissions(directory.path(), fs::perms(0755));
  write(directory / "good.yaml", entry("good", "240.0.0.2"));
  write(directory / "it.yaml", entry("it", "240.0.0.3"));
  fs::permissions(directory / "it.yaml", fs::perms::none);
  CHECK(look_without_permission(directory.path()) == 0);
}

TEST_CASE("a broken document keeps the whole last version of its file") {
  TemporaryDirectory directory;
  const auto both = entry("a", "240.0.0.2") + "---\n" + entry("b", "240.0.0.3");
  const auto broken = entry("a", "240.0.0.9") + "---\n{ broken: \n---\n" + entry("c", "240.0.0.4");
  replace(directory / "it.yaml", both);

  SUBCASE("while running, and is mended") {
    Watched watched(directory.path());
    REQUIRE(watched.until_held("a=240.0.0.2 b=240.0.0.3"));
    replace(directory / "it.yaml", broken);
    CHECK(watched.until_problem("it.yaml:9: "));
    CHECK(watched.held() == "a=240.0.0.2 b=240.0.0.3");
    replace(directory / "it.yaml", entry("c", "240.0.0.4"));
    CHECK(watched.until_held("c=240.0.0.4"));
    CHECK(watched.source().state().problems.empty());
  }
  SUBCASE("where there is none, its good documents are served") {
    replace(directory / "it.yaml", broken);
    Watched watched(directory.path());
    CHECK(watched.until_held("a=240.0.0.9 c=240.0.0.4"));
    CHECK(watched.problem("it.yaml:") != "");
  }
}

TEST_CASE("an invalid entry is no broken document") {
  TemporaryDirectory directory;
  replace(directory / "it.yaml", entry("a", "240.0.0.2") + "---\n" + entry("b", "240.0.0.3"));
  Watched watched(directory.path());
  REQUIRE(watched.until_held("a=240.0.0.2 b=240.0.0.3"));

  const std::string no_hosts =
      "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: b}\nspec: {}\n";
  replace(directory / "it.yaml", entry("a", "240.0.0.4") + "---\n" + no_hosts + "---\n" + entry("c", "240.0.0.5"));
  CHECK(watched.until_held("a=240.0.0.4 b=240.0.0.3 c=240.0.0.5"));
  CHECK(watched.problem("it.yaml:9: default/b is not served") != "");
  CHECK(watched.told_of("b") == 1);
}

}  // namespace
}  // namespace meridian::source
