#pragma once
// The SQLite file itself: opened, checked, mended, read and written. Blocks; one thread at a time (the ledger's
// strand).

#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "ledger/ledger.hpp"
#include "ledger/sqlite_connection.hpp"

namespace meridian::ledger {

class SqliteStore {
 public:
  explicit SqliteStore(std::filesystem::path file) : file_(std::move(file)) {}

  // As Ledger::load() and commit(). A file that can be read but not written is loaded all the same: its VIPs are
  // answered.
  std::vector<vip::Record> load();
  void commit(std::span<const vip::Change> changes);
  const std::filesystem::path& file() const { return file_; }

 private:
  void open();
  void ensure_directory() const;
  void begin_file(Connection& connection) const;
  std::vector<vip::Record> load_copy() const;
  void rescue();
  void write(std::span<const vip::Change> changes);
  Unavailable unavailable(const SqliteError& error) const;

  std::filesystem::path file_;
  std::unique_ptr<Connection> open_;  // null: not opened yet, or not since a failure
  std::vector<vip::Change> rescued_;  // what the file held when it was taken from under us, until it is written again
};

}  // namespace meridian::ledger
