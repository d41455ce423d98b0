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
      ages_written_(Clock::now()) {
  ledger_.follow([this](ledger::News news) { heard(std::move(news)); });
}

boost::asio::awaitable<bool> VipKeeper::load() {
  reload_ = false;  // what comes from here on asks for another one
  try {
    // If the right to write comes or goes meanwhile the ledger is read once more.
    const auto role = ledger_.writable() ? vip::Role::Writes : vip::Role::Follows;
    const auto records = co_await ledger_.load();
    auto before = allocator_.active_hosts();
    allocator_.load(records, role);
    unwritten_.clear();  // proposals of an earlier time, which nobody has heard of
    waiting_.merge(std::set<std::string>(before.begin(), before.end()));
    loaded_ = true;
    ++loads_;
    trouble_.clear();
    aged_ = ages_written_ = Clock::now();
    co_return true;
  } catch (const std::exception& e) {
    report(e, "hosts that need a VIP wait");
  }
  reload_ |= loaded_;
  co_return false;
}

boost::asio::awaitable<void> VipKeeper::run() {
  std::chrono::milliseconds pause = kFirstRetry;
  while (!stopped_) {
    dirty_ = asked_ = false;
    bool good = true;
    if (!loaded_ || reload_) {
      good = co_await load();
      if (good) changed_(tell_again());
    } else if (allocates()) {
      age();
      write_ages();
      take_changes();
      good = co_await write();
    }
    if (stopped_) break;
    // More came meanwhile; whose term ended during a write does not wait for the next try of that.
    if (asked_ || (good && dirty_)) continue;
    wake_.expires_after(good ? interval() : pause);
    pause = good ? kFirstRetry : std::min<std::chrono::milliseconds>(pause * 2, kLongestRetry);
    boost::system::error_code woken;
    co_await wake_.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, woken));
  }
  if (allocates()) {
    // What was released or has aged in the last moments. A VIP that nobody has heard of may be lost.
    take_changes();
    std::ranges::move(allocator_.freed_records(), std::back_inserter(unwritten_));
    co_await write();
  }
  co_await ledger_.close();
}

// Another process wrote the ledger, or we are its writer now, or no longer.
void VipKeeper::heard(ledger::News news) {
  if (news.reload) {
    reload_ = asked_ = true;
    wake_.cancel();
  } else if (loaded_) {  // true while the ledger is read anew, too: the records that come then are newer
    changed_(allocator_.adopt(news.changes));
  }
}

// What is to be written now. What a try before could not write is told anew as it is by now: nothing is kept twice,
// however long the ledger is away and whatever comes and goes meanwhile.
void VipKeeper::take_changes() {
  allocator_.lost(std::exchange(unwritten_, {}));
  unwritten_ = allocator_.take_changes();
}

// Everybody whose VIP may be another one after the ledger was read.
std::vector<std::string> VipKeeper::tell_again() {
  auto hosts = allocator_.active_hosts();
  hosts.insert(hosts.end(), waiting_.begin(), waiting_.end());
  waiting_.clear();
  return hosts;
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

// Empties what is unwritten if the ledger takes it; keeps it for the next try if not.
boost::asio::awaitable<bool> VipKeeper::write() {
  if (unwritten_.empty()) co_return true;
  try {
    co_await ledger_.commit(unwritten_);
    ++commits_;
    if (!trouble_.empty()) spdlog::info("ledger: {} is written again", ledger_.describe());
    trouble_.clear();
    auto held = allocator_.committed(unwritten_);
    unwritten_.clear();
    for (const auto& host : held) waiting_.erase(host);
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
void VipKeeper::write_ages() {
  const auto now = Clock::now();
  if (now - ages_written_ < kWriteAgesInterval) return;
  ages_written_ = now;
  std::ranges::move(allocator_.freed_records(), std::back_inserter(unwritten_));
}

std::vector<std::string> VipKeeper::starved() const {
  return {allocator_.starved().begin(), allocator_.starved().end()};
}

vip::Assignment VipKeeper::assign(const std::string& host, vip::Family family, const std::optional<vip::Address>& pin) {
  vip::Assignment result;
  if (loaded_ && (allow_new_ || allocator_.has_vip(host))) {
    result = allocator_.assign(host, family, pin);
  } else if (allocator_.pool().has(family) || pin) {
    result.state = vip::Assignment::State::Pending;
    result.note = loaded_ ? "which addresses are Admiral's is not known yet" : "the ledger is not loaded yet";
  }
  if (result.state == vip::Assignment::State::Pending) waiting_.insert(host);
  return result;
}

void VipKeeper::allow_new(bool allowed) {
  if (std::exchange(allow_new_, allowed) || !allowed) return;
  changed_({waiting_.begin(), waiting_.end()});
}

void VipKeeper::release(const std::string& host) {
  waiting_.erase(host);
  if (!loaded_) return;
  age();  // what passed before belongs to those that are free already
  allocator_.release(host);
}

void VipKeeper::rename(const std::string& from, const std::string& to) {
  if (!allocates()) return;  // the writer does it
  spdlog::info("{}: its VIP goes by the name of {} from now on", from, to);
  allocator_.rename(from, to);
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
