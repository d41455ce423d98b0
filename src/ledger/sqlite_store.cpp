// The schema, version 1. Text where an operator may look (sqlite3 vips.db 'SELECT * FROM vips'); not to be edited,
// because each line is sealed:
//
//   address    canonical text, "245.1.2.3"; one line an address
//   host       lower case, without the final dot
//   family     4 or 6
//   active     1: the host has the address; 0: freed
//   freed_for  seconds of running time since it was freed; 0 while active
//   seal       SipHash-2-4 of the others: SQLite has no checksums, and a flipped bit in a host would move a VIP
//
// A host has one active line a family. application_id says that the file is ours, user_version is the schema's version.

#include "ledger/sqlite_store.hpp"

#include <spdlog/spdlog.h>
#include <stdlib.h>

#include <array>
#include <bit>
#include <fstream>
#include <map>
#include <meridian/vip/siphash.hpp>
#include <utility>

#include "ledger/set_aside.hpp"

namespace meridian::ledger {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kApplication = 0x4d524456;  // "MRDV"
constexpr std::int64_t kVersion = 1;

constexpr const char* kSchema = R"(
  BEGIN IMMEDIATE;
  PRAGMA application_id = 1297237078;
  PRAGMA user_version = 1;
  CREATE TABLE vips (
    address TEXT PRIMARY KEY,
    host TEXT NOT NULL,
    family INTEGER NOT NULL,
    active INTEGER NOT NULL,
    freed_for INTEGER NOT NULL,
    seal INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE UNIQUE INDEX one_active ON vips (host, family) WHERE active = 1;
  COMMIT;
)";
static_assert(kApplication == 1297237078 && kVersion == 1, "as in the schema");

struct Damaged : std::runtime_error {
  using std::runtime_error::runtime_error;
};

std::int64_t seal_of(std::string_view address, std::string_view host, bool active, std::int64_t freed_for) {
  std::string all(address);
  all.append(1, '\n').append(host).append(active ? "\n1\n" : "\n0\n").append(std::to_string(freed_for));
  return std::bit_cast<std::int64_t>(vip::siphash24({0x6e6169646972656d, 0x6c6165732d706976}, all));
}

// What the first hundred octets of the file say, read without SQLite, which would recover, and so touch, a file that is
// not for us (https://www.sqlite.org/fileformat2.html, 1.3).
struct Header {
  std::uint32_t application = 0;
  std::uint32_t version = 0;
};

Header header_of(const fs::path& file) {
  std::array<char, 100> octets{};
  std::ifstream in(file, std::ios::binary);
  in.read(octets.data(), octets.size());
  if (in.gcount() < static_cast<std::streamsize>(octets.size())) throw Damaged("it is cut off in its header");
  if (std::string_view(octets.data(), 16) != std::string_view("SQLite format 3\0", 16)) {
    throw Damaged("it is no SQLite database");
  }
  const auto big_endian = [&](std::size_t at) {
    std::uint32_t value = 0;
    for (std::size_t i = at; i < at + 4; ++i) value = value << 8 | static_cast<unsigned char>(octets[i]);
    return value;
  };
  return {big_endian(68), big_endian(60)};
}

std::vector<vip::Record> read_all(Connection& connection) {
  std::vector<vip::Record> records;
  auto rows = connection.prepare("SELECT address, host, family, active, freed_for, seal FROM vips");
  while (rows.step()) {
    boost::system::error_code bad;
    vip::Record record;
    record.address = boost::asio::ip::make_address(std::string(rows.text(0)), bad);
    record.host = rows.text(1);
    record.active = rows.number(3) == 1;
    record.freed_for = std::chrono::seconds(rows.number(4));
    const bool same_family = rows.number(2) == (record.address.is_v4() ? 4 : 6);
    if (bad || !same_family || rows.number(5) != seal_of(rows.text(0), record.host, record.active, rows.number(4))) {
      throw Damaged("a line of it does not match its seal");
    }
    records.push_back(std::move(record));
  }
  return records;
}

void check(Connection& connection) {
  if (connection.number("PRAGMA application_id") != kApplication) throw Damaged("it belongs to another program");
  const auto verdict = connection.text("PRAGMA integrity_check(1)");
  if (verdict != "ok") throw Damaged(verdict);
}

}  // namespace

Unavailable SqliteStore::unavailable(const SqliteError& error) const {
  const auto store = "the VIP ledger " + file_.string();
  const auto reason = std::string(" (") + error.what() + ")";
  switch (error.kind()) {
    case SqliteError::Kind::Locked:
      return Unavailable(store + " is in use by another process" + reason +
                         ": stop the other Meridian, or give each its own `state` directory");
    case SqliteError::Kind::Unwritable:
      return Unavailable(store + " can't be written" + reason +
                         ": make its directory writable for the user that Meridian runs as");
    case SqliteError::Kind::Full:
      return Unavailable(store + " can't grow, the disk or a quota is full" + reason + ": free some space there");
    case SqliteError::Kind::Damaged:
      return Unavailable(store + " is damaged" + reason +
                         ": restart Meridian, which sets it aside and begins a new one");
    case SqliteError::Kind::Other:
      break;
  }
  return Unavailable(store + " can't be used" + reason + ": check the disk that it is on");
}

std::vector<vip::Record> SqliteStore::load() {
  open_.reset();
  std::string damage;
  try {
    try {
      open();
      return read_all(*open_);
    } catch (const SqliteError& e) {
      if (e.kind() == SqliteError::Kind::Unwritable && fs::is_regular_file(file_)) return load_copy();
      if (e.kind() != SqliteError::Kind::Damaged) throw;
      damage = e.what();
    } catch (const Damaged& e) {
      damage = e.what();
    }
    if (open_) open_->tidy_on_close(false);
    open_.reset();
    const auto kept = set_aside(file_, "corrupt");
    spdlog::error(
        "the VIP ledger {} is damaged: {}. It is kept as {}; a new one is begun, and VIPs are found again from "
        "the hashes of their hosts",
        file_.string(), damage, kept.string());
    open();
    return read_all(*open_);
  } catch (const SqliteError& e) {
    open_.reset();
    throw unavailable(e);
  } catch (const fs::filesystem_error& e) {
    open_.reset();
    throw Unavailable("the VIP ledger " + file_.string() + (damage.empty() ? "" : " is damaged and") +
                      " can't be used (" + e.what() +
                      "): make its directory writable for the user that Meridian runs as");
  } catch (const Damaged& e) {
    open_.reset();
    throw Unavailable("the VIP ledger " + file_.string() + " is damaged (" + e.what() + "): move it away");
  }
}

// Leaves open_ set, checked and locked, or throws SqliteError, Damaged, filesystem_error, Unavailable.
void SqliteStore::open() {
  if (file_.has_parent_path()) fs::create_directories(file_.parent_path());
  const auto type = fs::status(file_).type();
  if (type != fs::file_type::regular && type != fs::file_type::not_found) throw Damaged("it is no regular file");
  const bool fresh = type == fs::file_type::not_found || fs::file_size(file_) == 0;
  if (!fresh) {
    const auto header = header_of(file_);
    if (header.application != kApplication) throw Damaged("it belongs to another program");
    if (header.version > kVersion) {
      throw Unavailable("the VIP ledger " + file_.string() + " was written by a newer Meridian (schema " +
                        std::to_string(header.version) + ", this one knows " + std::to_string(kVersion) +
                        "): run the newer one, or move the file away to begin anew");
    }
  }
  auto connection = std::make_unique<Connection>(file_);
  if (connection->read_only()) throw SqliteError(SqliteError::Kind::Unwritable, "it is read-only");
  connection->tidy_on_close(false);  // until we know that it is ours and sound
  connection->run(
      "PRAGMA busy_timeout = 1000; PRAGMA locking_mode = EXCLUSIVE; PRAGMA synchronous = FULL;"
      "PRAGMA cell_size_check = ON; PRAGMA trusted_schema = OFF; PRAGMA journal_size_limit = 16777216;");
  // The schema goes in before the log is switched on, so that the header on disk says at once whose the file is.
  if (fresh) connection->run(kSchema);
  connection->text("PRAGMA journal_mode = WAL");
  connection->run("BEGIN IMMEDIATE; COMMIT;");  // takes the lock, which locking_mode then never gives back
  check(*connection);
  connection->tidy_on_close(true);
  open_ = std::move(connection);
}

// The records of a file that we may read and not write. SQLite would want to write beside it, so a copy is read.
std::vector<vip::Record> SqliteStore::load_copy() const {
  auto name = (fs::temp_directory_path() / "meridian-ledger-XXXXXX").string();
  if (!mkdtemp(name.data()))
    throw fs::filesystem_error("no temporary directory", name, std::error_code(errno, std::generic_category()));
  struct Remove {
    fs::path path;
    ~Remove() {
      std::error_code ignored;
      fs::remove_all(path, ignored);
    }
  } const remove{name};
  const auto copy = remove.path / "vips.db";
  fs::copy_file(file_, copy);
  const auto log = fs::path(file_.string() + "-wal");
  if (fs::exists(log)) fs::copy_file(log, copy.string() + "-wal");
  if (header_of(copy).version > kVersion) throw Damaged("its schema is newer");
  Connection connection(copy);
  check(connection);
  auto records = read_all(connection);
  spdlog::error(
      "the VIP ledger {} can be read but not written: its VIPs are answered, new ones wait. Make its directory "
      "writable for the user that Meridian runs as",
      file_.string());
  return records;
}

void SqliteStore::commit(std::span<const vip::Change> changes) {
  try {
    if (open_ && (open_->database_moved() || open_->log_moved())) rescue();
    if (!open_) open();
    if (rescued_.empty()) return write(changes);
    auto all = rescued_;
    all.insert(all.end(), changes.begin(), changes.end());
    write(all);
    rescued_.clear();
  } catch (const SqliteError& e) {
    if (open_) open_->roll_back();
    throw unavailable(e);
  } catch (const Damaged& e) {
    open_.reset();
    throw Unavailable("the VIP ledger " + file_.string() + " is damaged (" + e.what() +
                      "): restart Meridian, which sets it aside and begins a new one");
  } catch (const fs::filesystem_error& e) {
    throw Unavailable("the VIP ledger " + file_.string() + " can't be used (" + e.what() +
                      "): make its directory writable for the user that Meridian runs as");
  }
}

// The file, its log or the whole directory was deleted or replaced under us. We still have it open: what it holds goes
// into a new file of that name, with the next commit.
void SqliteStore::rescue() {
  for (auto& record : read_all(*open_)) rescued_.push_back({std::move(record)});
  const bool replaced = open_->database_moved();
  open_->tidy_on_close(!replaced);
  open_.reset();
  spdlog::error("the VIP ledger {} was deleted or replaced while in use: its {} records are written anew",
                file_.string(), rescued_.size());
  if (replaced && fs::exists(file_)) {
    spdlog::error("the file that stood in its place is kept as {}", set_aside(file_, "replaced").string());
  }
}

void SqliteStore::write(std::span<const vip::Change> changes) {
  // The last change of an address counts. All lines go before any comes: addresses may have changed hands.
  std::map<vip::Address, const vip::Change*> last;
  for (const auto& change : changes) last[change.record.address] = &change;

  open_->run("BEGIN IMMEDIATE");
  auto remove = open_->prepare("DELETE FROM vips WHERE address = ?1");
  for (const auto& [address, change] : last) {
    const auto text = address.to_string();
    remove.bind(1, text);
    remove.step();
    remove.reset();
  }
  auto insert = open_->prepare("INSERT INTO vips VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
  for (const auto& [address, change] : last) {
    if (change->erase) continue;
    const auto& record = change->record;
    const auto text = address.to_string();
    insert.bind(1, text);
    insert.bind(2, record.host);
    insert.bind(3, address.is_v4() ? 4 : 6);
    insert.bind(4, record.active ? 1 : 0);
    insert.bind(5, record.freed_for.count());
    insert.bind(6, seal_of(text, record.host, record.active, record.freed_for.count()));
    insert.step();
    insert.reset();
  }
  open_->run("COMMIT");
}

}  // namespace meridian::ledger
