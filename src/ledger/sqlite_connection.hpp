#pragma once
// SQLite's C interface, as far as the ledger needs it, with owners and exceptions. One thread at a time.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_file;
struct sqlite3_stmt;

namespace meridian::ledger {

// What SQLite says, sorted by who has to act on it.
class SqliteError : public std::runtime_error {
 public:
  enum class Kind : std::uint8_t {
    Damaged,     // the file is not, or is no longer, what SQLite wrote
    Locked,      // somebody else has it
    Unwritable,  // rights, or a file system mounted read-only
    Full,
    Other,
  };
  SqliteError(Kind kind, const std::string& what) : std::runtime_error(what), kind_(kind) {}
  Kind kind() const { return kind_; }

 private:
  Kind kind_;
};

// One prepared statement. `text` that is bound must live until the next reset.
class Statement {
 public:
  void bind(int parameter, std::string_view text);
  void bind(int parameter, std::int64_t number);
  bool step();   // true: there is a row
  void reset();  // to be run again
  // Of the present row; columns count from 0.
  std::string_view text(int column) const;
  std::int64_t number(int column) const;

 private:
  friend class Connection;
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}
  void check(int code) const;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

class Connection {
 public:
  // Opens for reading and writing; creates the file (with the first write) if there is none.
  explicit Connection(const std::filesystem::path& file);

  void run(const char* sql);  // statements without a result
  Statement prepare(const char* sql);
  std::string text(const char* sql);  // the first column of the first row
  std::int64_t number(const char* sql);

  bool read_only() const;  // SQLite falls back to that where the file may not be written
  // The database or its log is no longer the file of that name: deleted or replaced under us. What is committed then is
  // safe until the process ends and gone afterwards.
  bool database_moved() const;
  bool log_moved() const;
  // Whether closing moves the log into the database and deletes it (true at first), or leaves both as they are:
  // evidence of damage, or by now somebody else's.
  void tidy_on_close(bool tidy);
  // Rolls back what is open, if anything is; never throws.
  void roll_back() noexcept;

 private:
  bool moved(int which) const;
  struct Close {
    void operator()(sqlite3* db) const;
  };
  std::unique_ptr<sqlite3, Close> db_;
};

}  // namespace meridian::ledger
