#pragma once
// A ledger of our own that follows the shared one behind the answers, for a start while the API server is away. What
// happens to it costs nobody an answer. Control thread.

#include <boost/asio/io_context.hpp>
#include <map>
#include <memory>
#include <vector>

#include "ledger/ledger.hpp"

namespace meridian::ledger {

// What an earlier run knew.
struct Recalled {
  std::vector<vip::Record> records;
  bool per_entry = false;  // hosts of one entry share a VIP
};

class Mirror : public std::enable_shared_from_this<Mirror> {
 public:
  // `ledger` may be null: then there is nothing to recall, and nothing is kept.
  Mirror(boost::asio::io_context& loop, std::unique_ptr<Ledger> ledger) : loop_(loop), ledger_(std::move(ledger)) {}

  // What it holds. Throws Unavailable.
  boost::asio::awaitable<Recalled> recall();
  // It shall hold exactly this.
  void replace(Recalled all);
  // ... and then these changes.
  void follow(const std::vector<vip::Change>& changes);
  void note(bool per_entry);
  // Until what it was told is written, or has failed.
  boost::asio::awaitable<void> written();

 private:
  boost::asio::awaitable<void> write(std::shared_ptr<Mirror> self);
  void wake();

  boost::asio::io_context& loop_;
  std::unique_ptr<Ledger> ledger_;
  std::map<vip::Address, vip::Change> pending_;  // the last of each address
  bool exactly_ = false;                         // whatever else it holds goes
  bool writing_ = false;
  bool warned_ = false;
};

}  // namespace meridian::ledger
