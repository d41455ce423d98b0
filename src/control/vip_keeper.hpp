#pragma once
// VIPs from wish to answer: the allocator proposes, the ledger remembers, and only then may anybody hear of it. Owns
// the retries while the ledger can't be written. Where the ledger has another writer nothing is proposed: what that one
// wrote is answered. Control thread only.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include <meridian/vip/allocator.hpp>

#include "ledger/ledger.hpp"

namespace meridian::control {

class VipKeeper {
 public:
  // `changed`: hosts whose assignment is another now (in the ledger at last, or space came free): to be looked at
  // again.
  VipKeeper(boost::asio::io_context& loop, vip::Allocator allocator, ledger::Ledger& ledger,
            std::function<void(std::vector<std::string>)> changed);

  // Reads the ledger once; false (and a log line) if it can't. Until it is loaded nothing is assigned: hosts that need
  // a VIP are pending.
  boost::asio::awaitable<bool> load();
  // Loads what is not loaded yet, and keeps the ledger in step, with retries; returns some time after stop().
  boost::asio::awaitable<void> run();
  void stop();

  // What the host has or shall have; see vip::Allocator::assign. Pending while the ledger is not loaded, and, if it is
  // not in the ledger yet, while another process writes it.
  vip::Assignment assign(const std::string& host, vip::Family family, const std::optional<vip::Address>& pin);
  void release(const std::string& host);
  // The VIPs of `from` go by the name of `to` from now on; see vip::Allocator::rename.
  void rename(const std::string& from, const std::string& to);
  // Literal addresses came and went: hosts to be assigned again, because they lost their VIP to a literal, or because
  // they had none and space came free.
  std::vector<std::string> literals(const std::vector<vip::Address>& added, const std::vector<vip::Address>& removed);
  void reconfigure(vip::Pool pool, vip::Times times) { allocator_.reconfigure(std::move(pool), times); }
  // Whether hosts may be given VIPs that they do not have yet: not before it is known what may not be given. Those that
  // wait are told when it becomes true.
  void allow_new(bool allowed);
  // Something was assigned or released: write it.
  void flush();

  bool loaded() const { return loaded_; }
  // Whether we are the one who gives VIPs away.
  bool allocates() const { return loaded_ && !reload_ && allocator_.role() == vip::Role::Writes && ledger_.writable(); }
  // Counts the times that the ledger was read: at the start, and when the right to write came or went.
  std::uint64_t loads() const { return loads_; }
  const ledger::Ledger& ledger() const { return ledger_; }
  // Why the ledger can't be written, or followed, at the moment; empty: it can.
  std::string trouble() const { return trouble_.empty() ? ledger_.trouble() : trouble_; }
  const vip::Allocator& allocator() const { return allocator_; }
  std::uint64_t commits() const { return commits_; }
  std::uint64_t failures() const { return failures_; }

 private:
  void heard(ledger::News news);
  void take_changes();
  std::vector<std::string> tell_again();
  boost::asio::awaitable<bool> write();
  void age();
  void write_ages();
  void report(const std::exception& e, const char* consequence);
  std::chrono::milliseconds interval() const;
  std::vector<std::string> starved() const;

  vip::Allocator allocator_;
  ledger::Ledger& ledger_;
  std::function<void(std::vector<std::string>)> changed_;
  boost::asio::steady_timer wake_;  // cancelled when there is something to write
  std::chrono::steady_clock::time_point aged_;
  std::chrono::steady_clock::time_point ages_written_;
  std::string trouble_;
  std::set<std::string> waiting_;  // hosts whose VIP is pending
  std::vector<vip::Change> unwritten_;
  bool loaded_ = false;
  bool allow_new_ = true;
  bool reload_ = false;  // the right to write came or went since the ledger was read
  bool asked_ = false;   // ... or did so in this round of run()
  bool stopped_ = false;
  bool dirty_ = false;
  std::uint64_t commits_ = 0, failures_ = 0, loads_ = 0;
};

}  // namespace meridian::control
