#include "source/entries_database.hpp"

#include <spdlog/spdlog.h>
#include <sqlite3.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <ctime>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "kube/readable.hpp"

namespace meridian::source {
namespace {

constexpr int kSchema = 1;  // user_version; another one is set aside: losing a snapshot loses no VIP

struct DatabaseError : std::runtime_error {
  DatabaseError(int error, const std::string& what) : std::runtime_error(what), code(error & 0xff) {}
  bool is_damage() const { return code == SQLITE_CORRUPT || code == SQLITE_NOTADB || code == SQLITE_SCHEMA; }
  int code;  // primary
};

void check(sqlite3* database, int result) {
  if (result != SQLITE_OK && result != SQLITE_DONE && result != SQLITE_ROW)
    throw DatabaseError(result, database ? sqlite3_errmsg(database) : sqlite3_errstr(result));
}

void execute(sqlite3* database, const char* sql) {
  check(database, sqlite3_exec(database, sql, nullptr, nullptr, nullptr));
}

class Statement {
 public:
  Statement(sqlite3* database, std::string_view sql) : database_(database) {
    check(database, sqlite3_prepare_v2(database, sql.data(), static_cast<int>(sql.size()), &statement_, nullptr));
  }
  ~Statement() { sqlite3_finalize(statement_); }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  // The text must live until run().
  Statement& bind(int at, std::string_view text) {
    check(database_, sqlite3_bind_text64(statement_, at, text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8));
    return *this;
  }
  Statement& bind(int at, std::int64_t number) {
    check(database_, sqlite3_bind_int64(statement_, at, number));
    return *this;
  }
  void run() {
    while (next()) {
    }
    sqlite3_reset(statement_);
  }
  bool next() {
    const int result = sqlite3_step(statement_);
    check(database_, result);
    return result == SQLITE_ROW;
  }
  std::string_view text(int column) {
    const auto* octets = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
    return octets ? std::string_view(octets, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))) : "";
  }
  std::int64_t number(int column) { return sqlite3_column_int64(statement_, column); }

 private:
  sqlite3* database_;
  sqlite3_stmt* statement_ = nullptr;
};

EntryPtr entry_of(std::string_view text, std::string_view origin) {
  boost::system::error_code error;
  const auto value = boost::json::parse(text, error);
  auto decoded = error ? mesh::Decoded{} : mesh::decode(value);
  if (!decoded.entry) return nullptr;
  decoded.entry->origin = origin;
  return std::make_shared<const mesh::ServiceEntry>(*std::move(decoded.entry));
}

}  // namespace

EntriesDatabase::EntriesDatabase(std::filesystem::path file) : file_(std::move(file)) {}

EntriesDatabase::~EntriesDatabase() {
  close();
}

void EntriesDatabase::close() {
  sqlite3_close(std::exchange(database_, nullptr));
}

void EntriesDatabase::open() {
  if (database_) return;
  const int result = sqlite3_open_v2(file_.c_str(), &database_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
  try {
    check(database_, result);
    execute(database_, "PRAGMA busy_timeout = 2000");
    execute(database_, "PRAGMA journal_mode = WAL");
    execute(database_,
            "PRAGMA synchronous = NORMAL");  // a cut power line may cost the last seconds: the source has them
    Statement version(database_, "PRAGMA user_version");
    const auto schema = version.next() ? version.number(0) : 0;
    if (schema != 0 && schema != kSchema)
      throw DatabaseError(SQLITE_SCHEMA, fmt::format("schema {}, {} expected", schema, kSchema));
    execute(database_,
            "CREATE TABLE IF NOT EXISTS entries (source TEXT, space TEXT, name TEXT, origin TEXT, entry TEXT,"
            " PRIMARY KEY (source, space, name)) WITHOUT ROWID;"
            "CREATE TABLE IF NOT EXISTS serial (one INTEGER PRIMARY KEY CHECK (one = 1), value INTEGER);"
            "PRAGMA user_version = 1");
  } catch (...) {
    close();
    throw;
  }
}

void EntriesDatabase::set_aside(const std::string& why) {
  close();
  auto aside = file_;
  aside += fmt::format(".damaged-{}", std::time(nullptr));
  spdlog::error("{} is damaged ({}): moved to {}; starting without a snapshot. No VIP is lost.", file_.string(),
                kube::readable(why), aside.string());
  std::error_code error;
  std::filesystem::rename(file_, aside, error);
  if (error)
    throw std::runtime_error(fmt::format("{} is damaged and can't be moved away: {}", file_.string(), error.message()));
  for (const char* companion : {"-wal", "-shm"}) {
    auto path = file_;
    path += companion;
    std::filesystem::remove(path, error);  // they belong to the old file
  }
}

Snapshot::Contents EntriesDatabase::load() {
  try {
    open();
    return read();
  } catch (const DatabaseError& error) {
    if (!error.is_damage())
      throw std::runtime_error(fmt::format("{}: {}: `state` must be a directory that this process may write to",
                                           file_.string(), error.what()));
    set_aside(error.what());
  }
  open();
  return {};
}

Snapshot::Contents EntriesDatabase::read() {
  Statement integrity(database_, "PRAGMA quick_check(1)");
  if (integrity.next() && integrity.text(0) != "ok")
    throw DatabaseError(SQLITE_CORRUPT, std::string(integrity.text(0)));

  Snapshot::Contents contents;
  Statement serial(database_, "SELECT value FROM serial");
  if (serial.next()) contents.serial = static_cast<std::uint32_t>(serial.number(0));
  std::size_t unreadable = 0;
  Statement entries(database_, "SELECT source, entry, origin FROM entries ORDER BY source, space, name");
  while (entries.next()) {
    if (contents.sources.empty() || contents.sources.back().source != entries.text(0))
      contents.sources.push_back({std::string(entries.text(0)), {}});
    if (auto entry = entry_of(entries.text(1), entries.text(2)))
      contents.sources.back().entries.push_back(std::move(entry));
    else
      ++unreadable;
  }
  if (unreadable > 0) spdlog::error("{}: {} entries can't be read and are left out", file_.string(), unreadable);
  return contents;
}

void EntriesDatabase::save(const std::vector<Snapshot::Write>& writes, std::uint32_t serial) {
  try {
    open();
    execute(database_, "BEGIN IMMEDIATE");
    try {
      Statement clear(database_, "DELETE FROM entries WHERE source = ?1");
      Statement remove(database_, "DELETE FROM entries WHERE source = ?1 AND space = ?2 AND name = ?3");
      Statement put(database_, "INSERT OR REPLACE INTO entries VALUES (?1, ?2, ?3, ?4, ?5)");
      for (const auto& write : writes) {
        if (write.kind == Update::Kind::Sync) clear.bind(1, write.source).run();
        for (const auto& key : write.removed) remove.bind(1, write.source).bind(2, key.space).bind(3, key.name).run();
        for (const auto& entry : write.put) {
          const auto text = boost::json::serialize(mesh::encode(*entry));
          put.bind(1, write.source).bind(2, entry->key.space).bind(3, entry->key.name);
          put.bind(4, entry->origin).bind(5, text).run();
        }
      }
      Statement(database_, "INSERT OR REPLACE INTO serial VALUES (1, ?1)").bind(1, std::int64_t{serial}).run();
      execute(database_, "COMMIT");
    } catch (...) {
      sqlite3_exec(database_, "ROLLBACK", nullptr, nullptr, nullptr);
      throw;
    }
  } catch (const DatabaseError& error) {
    throw std::runtime_error(fmt::format("{}: {}", file_.string(), error.what()));
  }
}

}  // namespace meridian::source
