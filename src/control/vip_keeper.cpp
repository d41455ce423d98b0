#include "control/vip_keeper.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <iterator>

namespace meridian::control {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds kAgeInterval{10};         // how often freed VIPs age
constexpr std::chrono::seconds kStarvedInterval{1};      // ... while somebody waits for one
constexpr std::chrono::seconds kWriteAgesInterval{300};  // how often their age is written: what a kill may cost them
constexpr std::chrono::milliseconds kFirstRetry{200};
constexpr std::chrono::seconds kLongestRetry{30};

}  // namespace

VipKeeper::VipKeeper(boost::asio::io_context& loop, vip::Allocator allocator, ledger::Ledger& ledger,
                     std::function<void(std::vector<std::string>)> changed)
    : allocator_(std::move(allocator)),
      ledger_(ledger),
      changed_(std::move(changed)),
      wake_(loop),
      aged_(Clock::now()),
      ages_written_(Clock::now()) {}

boost::asio::awaitable<bool> VipKeeper::load() {
  try {
    allocator_.load(co_await ledger_.load());
    loaded_ = true;
    trouble_.clear();
    co_return true;
  } catch (const std::exception& e) {
    report(e, "hosts that need a VIP wait");
  }
  co_return false;
}

boost::asio::awaitable<void> VipKeeper::run() {
  std::chrono::milliseconds pause = kFirstRetry;
  std::vector<vip::Change> unwritten;
  while (!stopped_) {
    dirty_ = false;
    bool good = true;
    if (!loaded_) {
      good = co_await load();
      if (good) {
        changed_(allocator_.active_hosts());
        changed_({waiting_.begin(), waiting_.end()});
        waiting_.clear();
      }
    } else {
      age();
      write_ages(unwritten);
      std::ranges::move(allocator_.take_changes(), std::back_inserter(unwritten));
      good = co_await write(unwritten);
    }
    if (stopped_) break;
    if (good && dirty_) continue;  // more came meanwhile
    wake_.expires_after(good ? interval() : pause);
    pause = good ? kFirstRetry : std::min<std::chrono::milliseconds>(pause * 2, kLongestRetry);
    boost::system::error_code woken;
    co_await wake_.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, woken));
  }
  if (!loaded_) co_return;
  // What was released or has aged in the last moments. A VIP that nobody has heard of may be lost.
  std::ranges::move(allocator_.take_changes(), std::back_inserter(unwritten));
  std::ranges::move(allocator_.freed_records(), std::back_inserter(unwritten));
  co_await write(unwritten);
}

std::chrono::milliseconds VipKeeper::interval() const {
  return allocator_.starved().empty() ? kAgeInterval : kStarvedInterval;
}

void VipKeeper::stop() {
  stopped_ = true;
  wake_.cancel();
}

void VipKeeper::flush() {
  dirty_ = true;
  if (trouble_.empty()) wake_.cancel();  // while the ledger is in trouble its retries set the pace
}

// Empties `changes` if the ledger takes them; keeps them for the next try if not.
boost::asio::awaitable<bool> VipKeeper::write(std::vector<vip::Change>& changes) {
  if (changes.empty()) co_return true;
  try {
    co_await ledger_.commit(changes);
    ++commits_;
    if (!trouble_.empty()) spdlog::info("ledger: {} is written again", ledger_.describe());
    trouble_.clear();
    auto held = allocator_.committed(changes);
    changes.clear();
    if (!held.empty()) changed_(std::move(held));
    co_return true;
  } catch (const std::exception& e) {
    ++failures_;
    report(e, "new VIPs wait, those that exist are answered");
  }
  co_return false;
}

// The same trouble is told once, not at every retry.
void VipKeeper::report(const std::exception& e, const char* consequence) {
  if (trouble_ != e.what()) spdlog::error("ledger: {}; {}", e.what(), consequence);
  trouble_ = e.what();
}

// Quarantine and tombstones run on the steady clock: a jump of the wall clock shortens nothing.
void VipKeeper::age() {
  const auto elapsed = std::chrono::floor<std::chrono::seconds>(Clock::now() - aged_);
  if (elapsed < kStarvedInterval) return;
  aged_ += elapsed;
  if (allocator_.age(elapsed) && !allocator_.starved().empty()) changed_(starved());
}

// Now and then: an age that is lost by a kill only lengthens a quarantine.
void VipKeeper::write_ages(std::vector<vip::Change>& unwritten) {
  const auto now = Clock::now();
  if (now - ages_written_ < kWriteAgesInterval) return;
  ages_written_ = now;
  std::ranges::move(allocator_.freed_records(), std::back_inserter(unwritten));
}

std::vector<std::string> VipKeeper::starved() const {
  return {allocator_.starved().begin(), allocator_.starved().end()};
}

vip::Assignment VipKeeper::assign(const std::string& host, vip::Family family, const std::optional<vip::Address>& pin) {
  if (loaded_) return allocator_.assign(host, family, pin);
  waiting_.insert(host);
  vip::Assignment waiting;
  waiting.state =
      allocator_.pool().has(family) || pin ? vip::Assignment::State::Pending : vip::Assignment::State::NoPool;
  waiting.note = "the ledger is not loaded yet";
  return waiting;
}

void VipKeeper::release(const std::string& host) {
  if (!loaded_) return;
  age();  // what passed before belongs to those that are free already
  allocator_.release(host);
}

std::vector<std::string> VipKeeper::literals(const std::vector<vip::Address>& added,
                                             const std::vector<vip::Address>& removed) {
  std::vector<std::string> again;
  for (const auto& address : added) {
    auto loser = allocator_.add_literal(address);
    if (!loser) continue;
    spdlog::warn("{}: its VIP {} is now a literal address of another entry: it gets another VIP", *loser,
                 address.to_string());
    again.push_back(std::move(*loser));
  }
  for (const auto& address : removed) allocator_.remove_literal(address);
  if (!removed.empty()) std::ranges::move(starved(), std::back_inserter(again));  // space may have come free
  return again;
}

}  // namespace meridian::control
