#pragma once
// A ledger in memory that several processes share, and whose every step waits for the test. It tells its news as the
// one in ConfigMaps does.

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "ledger/kube_news.hpp"
#include "ledger/ledger.hpp"

namespace meridian::control::test {

class SharedLedger;

// What is shared.
struct SharedStore {
  std::map<vip::Address, vip::Record> records;
  std::vector<vip::Change> history;  // all that was ever written
  std::vector<SharedLedger*> openers;
  SharedLedger* writer = nullptr;

  void put(const std::string& address, const std::string& host, bool active = true) {
    const auto key = boost::asio::ip::make_address(address);
    records[key] = {key, host, active, {}};
  }
  // "245.0.0.1", of the active record; "none".
  std::string vip_of(const std::string& host) const {
    for (const auto& [address, record] : records) {
      if (record.active && record.host == host) return address.to_string();
    }
    return "none";
  }
  bool ever_freed(const std::string& host) const {
    return std::ranges::any_of(history,
                               [&](const auto& c) { return c.record.host == host && (c.erase || !c.record.active); });
  }
  void give_to(SharedLedger* next);  // the right to write; null: nobody has it
};

class SharedLedger final : public ledger::Ledger {
 public:
  SharedLedger(boost::asio::io_context& loop, SharedStore& store, std::string name)
      : gate_(loop), store_(store), name_(std::move(name)), news_(loop) {
    store_.openers.push_back(this);
  }
  ~SharedLedger() override {
    std::erase(store_.openers, this);
    if (store_.writer == this) store_.writer = nullptr;
  }

  // The hand of the test.
  std::string broken;                               // why nothing works; empty: it does
  bool holds_loads = false, holds_commits = false;  // ... wait until let_go()
  int loads = 0, commits = 0, waiting = 0;          // that began; that wait
  std::vector<std::vector<vip::Change>> batches;    // that were written
  bool closed = false;
  void let_go() {
    holds_loads = holds_commits = false;
    gate_.cancel();
  }

  boost::asio::awaitable<std::vector<vip::Record>> load() override {
    ++loads;
    co_await wait(holds_loads);
    term_ = terms_;
    news_.loaded();
    std::vector<vip::Record> records;
    for (const auto& [address, record] : store_.records) records.push_back(record);
    co_return records;
  }
  boost::asio::awaitable<void> commit(std::vector<vip::Change> changes) override {
    ++commits;
    const auto term = terms_;
    co_await wait(holds_commits);
    if (!writable() || term != terms_ || term_ != terms_) throw ledger::Unavailable("it is not ours to write");
    for (const auto& change : changes) {
      if (change.erase) {
        store_.records.erase(change.record.address);
      } else {
        store_.records[change.record.address] = change.record;
      }
      store_.history.push_back(change);
    }
    for (auto* opener : store_.openers) {
      if (opener != this) opener->news_.tell(changes);
    }
    batches.push_back(std::move(changes));
  }
  std::string describe() const override { return "memory"; }
  bool writable() const override { return store_.writer == this; }
  void follow(std::function<void(ledger::News)> sink) override { news_.sink(std::move(sink)); }
  std::string writer() const override { return store_.writer ? store_.writer->name_ : std::string(); }
  boost::asio::awaitable<void> close() override {
    closed = true;
    news_.stop();
    co_return;
  }

 private:
  friend struct SharedStore;
  boost::asio::awaitable<void> wait(const bool& held) {
    ++waiting;
    while (held) {
      gate_.expires_at(boost::asio::steady_timer::time_point::max());
      boost::system::error_code opened;
      co_await gate_.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, opened));
    }
    --waiting;
    if (!broken.empty()) throw ledger::Unavailable(broken);
  }
  void role_changed() {
    ++terms_;
    news_.reload();
  }

  boost::asio::steady_timer gate_;
  SharedStore& store_;
  const std::string name_;
  ledger::NewsBox news_;
  int terms_ = 0;  // how often the right to write came or went
  int term_ = 0;   // ... when it was loaded
};

inline void SharedStore::give_to(SharedLedger* next) {
  if (auto* before = std::exchange(writer, next)) before->role_changed();
  if (next) next->role_changed();
}

}  // namespace meridian::control::test
