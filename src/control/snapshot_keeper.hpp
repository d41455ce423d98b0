#pragma once
// Keeps the snapshot on disk in step with what is served, behind the answers and never before them. Control thread
// only.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <string>
#include <vector>

#include "source/snapshot.hpp"

namespace meridian::control {

class SnapshotKeeper {
 public:
  // `everything`: all contents as writes of kind Sync, for the time after a failure.
  SnapshotKeeper(boost::asio::io_context& loop, source::Snapshot& snapshot,
                 std::function<std::vector<source::Snapshot::Write>()> everything);

  // What the last run left; empty, with a log line, if it can't be read. Sets the serial to start above.
  boost::asio::awaitable<source::Snapshot::Contents> load();
  // Writes what is queued, with retries; returns some time after stop().
  boost::asio::awaitable<void> run();
  void stop();

  void save(source::Snapshot::Write write);
  // The next SOA serial: larger than any before it, of this run or an earlier one (RFC 1982, 3.2).
  std::uint32_t next_serial();
  const std::string& trouble() const { return trouble_; }

 private:
  boost::asio::awaitable<bool> write();
  void wake();

  source::Snapshot& snapshot_;
  std::function<std::vector<source::Snapshot::Write>()> everything_;
  boost::asio::steady_timer wake_;
  std::vector<source::Snapshot::Write> queue_;
  std::uint32_t serial_ = 0;
  std::uint32_t reserved_ = 0;  // serials up to here may have been used when we are killed: it is on disk
  bool write_all_ = false;      // after a failure, instead of the queue
  bool dirty_ = false;
  bool stopped_ = false;
  std::string trouble_;
};

}  // namespace meridian::control
