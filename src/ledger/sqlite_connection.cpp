#include "ledger/sqlite_connection.hpp"

#include <sqlite3.h>

#include <cerrno>
#include <cstring>

namespace meridian::ledger {
namespace {

SqliteError::Kind kind_of(int code, int system_error) {
  if (code == SQLITE_IOERR_SHORT_READ || code == SQLITE_IOERR_CORRUPTFS) return SqliteError::Kind::Damaged;
  switch (code & 0xff) {  // the primary code of an extended one
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_ERROR:  // "unsupported file format", "no such table": our statements are right, so the file is not
      return SqliteError::Kind::Damaged;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return SqliteError::Kind::Locked;
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
      return SqliteError::Kind::Unwritable;
    case SQLITE_FULL:
      return SqliteError::Kind::Full;
    case SQLITE_IOERR:
      return system_error == ENOSPC || system_error == EDQUOT || system_error == EFBIG ? SqliteError::Kind::Full
                                                                                       : SqliteError::Kind::Other;
    default:
      return SqliteError::Kind::Other;
  }
}

SqliteError error_of(sqlite3* db, int code) {
  int system_error = db ? sqlite3_system_errno(db) : 0;
  if (system_error == 0 && (code & 0xff) == SQLITE_IOERR) system_error = errno;  // COMMIT does not pass it on
  std::string what = db ? sqlite3_errmsg(db) : sqlite3_errstr(code);
  if (system_error != 0) what += std::string(", ") + std::strerror(system_error);
  return {kind_of(code, system_error), what};
}

}  // namespace

void Statement::Finalize::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

void Statement::check(int code) const {
  if (code != SQLITE_OK && code != SQLITE_ROW && code != SQLITE_DONE) {
    throw error_of(sqlite3_db_handle(statement_.get()), code);
  }
}

void Statement::bind(int parameter, std::string_view text) {
  check(sqlite3_bind_text(statement_.get(), parameter, text.data(), static_cast<int>(text.size()), SQLITE_STATIC));
}

void Statement::bind(int parameter, std::int64_t number) {
  check(sqlite3_bind_int64(statement_.get(), parameter, number));
}

bool Statement::step() {
  const int code = sqlite3_step(statement_.get());
  check(code);
  return code == SQLITE_ROW;
}

void Statement::reset() {
  sqlite3_reset(statement_.get());  // repeats the error of the last step, which step() has thrown
}

std::string_view Statement::text(int column) const {
  const auto* octets = reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));
  return octets ? std::string_view(octets, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column)))
                : std::string_view();
}

std::int64_t Statement::number(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

void Connection::Close::operator()(sqlite3* db) const {
  sqlite3_close_v2(db);
}

Connection::Connection(const std::filesystem::path& file) {
  sqlite3* db = nullptr;
  const int code =
      sqlite3_open_v2(file.c_str(), &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_EXRESCODE, nullptr);
  db_.reset(db);  // there is one even after most errors
  if (code != SQLITE_OK) throw error_of(db, code);
}

void Connection::run(const char* sql) {
  const int code = sqlite3_exec(db_.get(), sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) throw error_of(db_.get(), code);
}

Statement Connection::prepare(const char* sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v2(db_.get(), sql, -1, &statement, nullptr);
  if (code != SQLITE_OK) throw error_of(db_.get(), code);
  return Statement(statement);
}

std::string Connection::text(const char* sql) {
  auto statement = prepare(sql);
  return statement.step() ? std::string(statement.text(0)) : std::string();
}

std::int64_t Connection::number(const char* sql) {
  auto statement = prepare(sql);
  return statement.step() ? statement.number(0) : 0;
}

bool Connection::read_only() const {
  return sqlite3_db_readonly(db_.get(), "main") == 1;
}

bool Connection::moved(int which) const {
  sqlite3_file* file = nullptr;
  if (sqlite3_file_control(db_.get(), "main", which, &file) != SQLITE_OK || !file || !file->pMethods) return false;
  int moved = 0;
  return file->pMethods->xFileControl(file, SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK && moved != 0;
}

bool Connection::database_moved() const {
  return moved(SQLITE_FCNTL_FILE_POINTER);
}

bool Connection::log_moved() const {
  return moved(SQLITE_FCNTL_JOURNAL_POINTER);
}

void Connection::tidy_on_close(bool tidy) {
  sqlite3_db_config(db_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, tidy ? 0 : 1, nullptr);
}

void Connection::roll_back() noexcept {
  if (!sqlite3_get_autocommit(db_.get())) sqlite3_exec(db_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
}

}  // namespace meridian::ledger
