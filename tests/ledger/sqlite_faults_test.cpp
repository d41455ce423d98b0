// What happens to the state file under a ledger that runs, and to a disk that does not take what it is given.

#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include "ledger/conformance.hpp"
#include "ledger/sqlite_scratch.hpp"

namespace meridian::ledger {
namespace {

std::string refusal(Ledger& ledger, const Changes& changes) {
  try {
    commit(ledger, changes);
  } catch (const Unavailable& e) {
    return e.what();
  }
  return {};
}

bool says(const std::string& text, const char* part) {
  return text.find(part) != text.npos;
}

// Root may write everywhere: while this lives, we are nobody.
class AsNobody {
 public:
  AsNobody() {
    if (::geteuid() == 0) REQUIRE(::seteuid(65534) == 0);
  }
  ~AsNobody() {
    if (::getuid() == 0 && ::seteuid(0) != 0) std::abort();
  }
};

// No file may grow beyond this many octets while it lives.
class SmallFiles {
 public:
  explicit SmallFiles(rlim_t octets) : handler_(::signal(SIGXFSZ, SIG_IGN)) {
    REQUIRE(::getrlimit(RLIMIT_FSIZE, &before_) == 0);
    const rlimit small{octets, before_.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
  }
  ~SmallFiles() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    ::signal(SIGXFSZ, handler_);
  }

 private:
  rlimit before_{};
  void (*handler_)(int);
};

Changes many(int n) {
  Changes changes;
  for (int i = 0; i < n; ++i) {
    const auto address = "245.1." + std::to_string(i / 250) + "." + std::to_string(i % 250 + 1);
    changes.push_back(put(record(address.c_str(), "many" + std::to_string(i) + ".bar.global")));
  }
  return changes;
}

}  // namespace

TEST_CASE("a file that is taken away under a running ledger is written anew with the next commit") {
  struct {
    const char* title;
    void (*take)(const SqliteScratch& scratch);
    std::size_t replaced;
  } rows[] = {
      {"the database is deleted", [](const SqliteScratch& s) { fs::remove(s.file()); }, 0},
      {"its log is deleted", [](const SqliteScratch& s) { fs::remove(s.file().string() + "-wal"); }, 0},
      {"the directory is deleted", [](const SqliteScratch& s) { fs::remove_all(s.state()); }, 0},
      {"the directory is deleted and made again",
       [](const SqliteScratch& s) {
         fs::remove_all(s.state());
         fs::create_directory(s.state());
       },
       0},
      {"the directory is moved away", [](const SqliteScratch& s) { fs::rename(s.state(), s.directory() / "old"); }, 0},
      {"something else takes its place",
       [](const SqliteScratch& s) {
         write_octets(s.directory() / "new", "something else");
         fs::rename(s.directory() / "new", s.file());
       },
       1},
  };
  for (const auto& row : rows) {
    SUBCASE(row.title) {
      SqliteScratch scratch;
      auto ledger = scratch.open();
      commit(*ledger, {put(record("245.0.0.1", "a")), put(record("245.0.0.2", "b"))});
      commit(*ledger, {put(record("245.0.0.3", "c"))});
      row.take(scratch);
      commit(*ledger, {put(record("245.0.0.4", "d")), erase("245.0.0.2")});
      const Records expected{record("245.0.0.1", "a"), record("245.0.0.3", "c"), record("245.0.0.4", "d")};
      CHECK(load(*ledger) == expected);
      ledger.reset();
      CHECK(load(*scratch.open()) == expected);
      CHECK(scratch.set_aside("replaced").size() == row.replaced);
      CHECK(scratch.set_aside("corrupt").empty());
    }
  }
}

TEST_CASE("what was taken away while nothing can be written comes back when it can") {
  SqliteScratch scratch;
  auto ledger = scratch.open();
  commit(*ledger, {put(record("245.0.0.1", "a"))});
  fs::remove_all(scratch.state());
  write_octets(scratch.state(), "a file where the directory was");
  CHECK(says(refusal(*ledger, {put(record("245.0.0.2", "b"))}), "can't be used"));
  CHECK_FALSE(refusal(*ledger, {put(record("245.0.0.2", "b"))}).empty());
  fs::remove(scratch.state());
  commit(*ledger, {put(record("245.0.0.2", "b"))});
  ledger.reset();
  CHECK(load(*scratch.open()) == Records{record("245.0.0.1", "a"), record("245.0.0.2", "b")});
}

TEST_CASE("a directory that can't be made is told, and used as soon as it can") {
  SqliteScratch scratch;
  write_octets(scratch.state(), "a file where the directory should be");
  auto ledger = scratch.open();
  CHECK_THROWS_AS(load(*ledger), Unavailable);
  CHECK(says(refusal(*ledger, {}), "make its directory writable"));
  fs::remove(scratch.state());
  CHECK(load(*ledger).empty());
  commit(*ledger, {put(record("245.0.0.1", "a"))});
}

TEST_CASE("a full disk refuses whole batches, and takes them when there is room") {
  SqliteScratch scratch;
  auto ledger = scratch.open();
  commit(*ledger, {put(record("245.0.0.1", "a"))});
  {
    const SmallFiles full(64 * 1024);
    const auto refused = refusal(*ledger, many(5000));
    CAPTURE(refused);
    CHECK(says(refused, "the disk or a quota is full"));
    CHECK(says(refused, "free some space"));
    CHECK(load(*ledger) == Records{record("245.0.0.1", "a")});
    CHECK_FALSE(refusal(*ledger, many(5000)).empty());
  }
  commit(*ledger, many(5000));
  ledger.reset();
  CHECK(load(*scratch.open()).size() == 5001);
}

TEST_CASE("a ledger that can be read and not written is loaded, log and all, and refuses commits") {
  SqliteScratch scratch;
  auto writer = scratch.open();
  commit(*writer, {put(record("245.0.0.1", "a"))});
  const auto file = octets_of(scratch.file()), log = octets_of(scratch.file().string() + "-wal");
  writer.reset();
  // As a kill leaves it: the commit is in the log alone.
  write_octets(scratch.file(), file);
  write_octets(scratch.file().string() + "-wal", log);
  for (const auto& path : {scratch.directory(), scratch.state()}) fs::permissions(path, fs::perms(0555));
  fs::permissions(scratch.file(), fs::perms(0444));
  fs::permissions(scratch.file().string() + "-wal", fs::perms(0444));

  auto ledger = scratch.open();
  {
    const AsNobody nobody;
    CHECK(load(*ledger) == Records{record("245.0.0.1", "a")});
    CHECK(says(refusal(*ledger, {put(record("245.0.0.2", "b"))}), "can't be written"));
  }
  for (const auto& path : {scratch.directory(), scratch.state()}) fs::permissions(path, fs::perms(0755));
  commit(*ledger, {put(record("245.0.0.2", "b"))});
  ledger.reset();
  CHECK(load(*scratch.open()) == Records{record("245.0.0.1", "a"), record("245.0.0.2", "b")});
}

TEST_CASE("a directory that can't be written has no new ledger") {
  SqliteScratch scratch;
  fs::create_directory(scratch.state());
  for (const auto& path : {scratch.directory(), scratch.state()}) fs::permissions(path, fs::perms(0555));
  auto ledger = scratch.open();
  const AsNobody nobody;
  CHECK_THROWS_AS(load(*ledger), Unavailable);
  CHECK(says(refusal(*ledger, {}), "make its directory writable"));
}

}  // namespace meridian::ledger
