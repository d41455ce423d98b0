#pragma once
// The SQLite file behind Snapshot. Blocking; used by the disk thread only.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "source/snapshot.hpp"

struct sqlite3;

namespace meridian::source {

class EntriesDatabase {
 public:
  explicit EntriesDatabase(std::filesystem::path file);
  ~EntriesDatabase();
  EntriesDatabase(const EntriesDatabase&) = delete;
  EntriesDatabase& operator=(const EntriesDatabase&) = delete;

  // Opens (or creates) the file and reads all of it; a damaged one is renamed to *.damaged-<unix time> and replaced.
  // Throws std::runtime_error if it can't be opened or created.
  Snapshot::Contents load();
  // One transaction; opens the file if it is not open. Throws std::runtime_error.
  void save(const std::vector<Snapshot::Write>& writes, std::uint32_t serial);

 private:
  void open();
  void close();
  void set_aside(const std::string& why);
  Snapshot::Contents read();

  const std::filesystem::path file_;
  sqlite3* database_ = nullptr;
};

}  // namespace meridian::source
