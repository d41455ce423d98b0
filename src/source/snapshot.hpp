#pragma once
// The last good entries of each source and the SOA serial, on disk (`state`/entries.db, SQLite): what a restart serves
// while a source is down, and what the first sync after it is compared with. Losing it loses no VIP.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "source/source.hpp"

namespace meridian::source {

class EntriesDatabase;

// Control thread; blocking work runs on `disk` (one thread), and the caller resumes on its own executor.
class Snapshot {
 public:
  Snapshot(boost::asio::thread_pool& disk, std::filesystem::path file);
  ~Snapshot();

  struct Contents {
    struct OfSource {
      std::string source;
      std::vector<EntryPtr> entries;
    };
    std::vector<OfSource> sources;
    std::optional<std::uint32_t> serial;
  };
  // A damaged file is set aside with a loud log line and comes back empty. Throws std::runtime_error (with what to do)
  // if the file can't be opened at all.
  boost::asio::awaitable<Contents> load();

  struct Write {
    std::string source;
    Update::Kind kind = Update::Kind::Change;  // Sync replaces all entries of the source
    std::vector<EntryPtr> put;
    std::vector<mesh::EntryKey> removed;
  };
  // One transaction. `serial`: the least that a restart must start above. Throws std::runtime_error.
  boost::asio::awaitable<void> save(std::vector<Write> writes, std::uint32_t serial);

 private:
  boost::asio::thread_pool& disk_;
  std::shared_ptr<EntriesDatabase> database_;
};

}  // namespace meridian::source
