// What happens to the state file while nobody runs: each time either all of it is there, or it is kept aside and none
// is.

#include <sqlite3.h>
#include <sys/stat.h>

#include <random>

#include "ledger/conformance.hpp"
#include "ledger/sqlite_scratch.hpp"

namespace meridian::ledger {
namespace {

constexpr std::size_t kVersionAt = 60, kApplicationAt = 68;  // octets of SQLite's header

// Two hundred records, closed properly; enough for several pages of table and index.
Records fill(SqliteScratch& scratch) {
  Changes changes;
  for (int i = 1; i <= 200; ++i) {
    const auto address = "245.0.0." + std::to_string(i);
    changes.push_back(put(record(address.c_str(), "host" + std::to_string(i) + ".bar.global", i % 5 != 0, 0)));
  }
  auto ledger = scratch.open();
  commit(*ledger, changes);
  return load(*ledger);
}

void forget(const SqliteScratch& scratch) {
  fs::remove_all(scratch.state());
  fs::create_directories(scratch.state());
}

}  // namespace

TEST_CASE("a file that is no ledger is kept aside and a new one begun") {
  struct {
    const char* title;
    void (*make)(const fs::path& file);
  } rows[] = {
      {"text", [](const fs::path& file) { write_octets(file, "VIPs: none\n"); }},
      {"one octet", [](const fs::path& file) { write_octets(file, "S"); }},
      {"zeros", [](const fs::path& file) { write_octets(file, std::string(8192, '\0')); }},
      {"garbage",
       [](const fs::path& file) {
         std::mt19937 random(1);
         std::string octets;
         for (int i = 0; i < 20000; ++i) octets.push_back(static_cast<char>(random()));
         write_octets(file, octets);
       }},
      {"SQLite's magic and then garbage",
       [](const fs::path& file) { write_octets(file, std::string("SQLite format 3\0", 16) + std::string(5000, 'x')); }},
      {"another program's database",
       [](const fs::path& file) {
         sqlite3* db = nullptr;
         REQUIRE(sqlite3_open(file.c_str(), &db) == SQLITE_OK);
         REQUIRE(sqlite3_exec(db, "CREATE TABLE vips (x)", nullptr, nullptr, nullptr) == SQLITE_OK);
         sqlite3_close(db);
       }},
      {"a directory", [](const fs::path& file) { fs::create_directories(file / "inside"); }},
      {"a FIFO", [](const fs::path& file) { REQUIRE(::mkfifo(file.c_str(), 0600) == 0); }},
  };
  for (const auto& row : rows) {
    SUBCASE(row.title) {
      SqliteScratch scratch;
      forget(scratch);
      row.make(scratch.file());
      auto ledger = scratch.open();
      CHECK(load(*ledger).empty());
      CHECK(scratch.set_aside("corrupt").size() == 1);
      commit(*ledger, {put(record("245.0.0.1", "a"))});
      ledger.reset();
      CHECK(load(*scratch.open()) == Records{record("245.0.0.1", "a")});
      CHECK(scratch.set_aside("corrupt").size() == 1);
    }
  }
}

TEST_CASE("an empty file is a new ledger") {
  SqliteScratch scratch;
  forget(scratch);
  write_octets(scratch.file(), "");
  CHECK(load(*scratch.open()).empty());
  CHECK(scratch.set_aside("corrupt").empty());
}

TEST_CASE("a file cut at any length is kept aside as it was") {
  SqliteScratch scratch;
  fill(scratch);
  const auto whole = octets_of(scratch.file());
  REQUIRE(whole.size() > 12000);
  for (std::size_t length = 1; length < whole.size(); length += length < 120 ? 17 : 997) {
    CAPTURE(length);
    forget(scratch);
    write_octets(scratch.file(), whole.substr(0, length));
    CHECK(load(*scratch.open()).empty());
    REQUIRE(scratch.set_aside("corrupt").size() == 1);
    CHECK(octets_of(scratch.set_aside("corrupt")[0]) == whole.substr(0, length));
  }
}

TEST_CASE("a file that was doubled loses nothing") {
  SqliteScratch scratch;
  const auto all = fill(scratch);
  const auto whole = octets_of(scratch.file());
  write_octets(scratch.file(), whole + whole);
  CHECK(load(*scratch.open()) == all);
}

TEST_CASE("a flipped bit costs nothing or is noticed, wherever it is") {
  SqliteScratch scratch;
  const auto all = fill(scratch);
  const auto whole = octets_of(scratch.file());
  std::mt19937 random(7);
  int noticed = 0;
  for (int i = 0; i < 250; ++i) {
    const std::size_t at = i < 100 ? static_cast<std::size_t>(i) : random() % whole.size();
    if (at >= kVersionAt && at < kVersionAt + 4) continue;  // a newer schema's: refused, below
    CAPTURE(at);
    auto octets = whole;
    octets[at] = static_cast<char>(octets[at] ^ 1 << random() % 8);
    forget(scratch);
    write_octets(scratch.file(), octets);
    const auto found = load(*scratch.open());
    const auto aside = scratch.set_aside("corrupt");
    if (aside.empty()) {
      CHECK(found == all);
    } else {
      ++noticed;
      CHECK(found.empty());
      CHECK(octets_of(aside[0]) == octets);
    }
  }
  CHECK_MESSAGE(noticed > 100, "most octets of a file carry something");
}

TEST_CASE("files that are set aside in the same second keep apart") {
  SqliteScratch scratch;
  forget(scratch);
  for (int i = 0; i < 3; ++i) {
    write_octets(scratch.file(), "garbage " + std::to_string(i));
    load(*scratch.open());
  }
  CHECK(scratch.set_aside("corrupt").size() == 3);
}

TEST_CASE("a ledger of a newer Meridian is refused and not touched") {
  SqliteScratch scratch;
  fill(scratch);
  auto octets = octets_of(scratch.file());
  octets[kVersionAt + 3] = 2;
  write_octets(scratch.file(), octets);
  const auto refused = [](auto&& use) -> std::string {
    try {
      use();
      return "";
    } catch (const Unavailable& e) {
      return e.what();
    }
  };
  auto ledger = scratch.open();
  for (const auto& text : {refused([&] { load(*ledger); }), refused([&] { commit(*ledger, {}); })}) {
    CHECK(text.find("was written by a newer Meridian (schema 2, this one knows 1)") != text.npos);
  }
  CHECK(octets_of(scratch.file()) == octets);
  CHECK(std::distance(fs::directory_iterator(scratch.state()), {}) == 1);
}

TEST_CASE("a file with another application's id is kept aside, a newer version or not") {
  SqliteScratch scratch;
  fill(scratch);
  auto octets = octets_of(scratch.file());
  octets[kVersionAt + 3] = 2;
  octets[kApplicationAt] = 'x';
  write_octets(scratch.file(), octets);
  CHECK(load(*scratch.open()).empty());
  CHECK(scratch.set_aside("corrupt").size() == 1);
}

}  // namespace meridian::ledger
