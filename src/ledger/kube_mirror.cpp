#include "ledger/kube_mirror.hpp"

#include <spdlog/spdlog.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <set>
#include <utility>

#include "ledger/kube_shard.hpp"

namespace meridian::ledger {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::milliseconds kGather{50};  // one fsync for what comes together

// What a ledger keeps is records: this one, at an address that nobody can have, says that hosts of an entry share a
// VIP.
vip::Record per_entry_record() {
  return {boost::asio::ip::address_v4::any(), std::string(kVipsNote) + ": " + kPerEntry, false, {}};
}

}  // namespace

asio::awaitable<Recalled> Mirror::recall() {
  if (!ledger_) throw Unavailable("there is no mirror of it here");
  Recalled all;
  all.records = co_await ledger_->load();
  all.per_entry = std::erase(all.records, per_entry_record()) > 0;
  co_return all;
}

void Mirror::note(bool per_entry) {
  follow({vip::Change{per_entry_record(), !per_entry, 0}});
}

void Mirror::replace(Recalled all) {
  pending_.clear();
  if (all.per_entry) all.records.push_back(per_entry_record());
  for (auto& record : all.records) {
    const auto address = record.address;
    pending_.insert_or_assign(address, vip::Change{std::move(record), false, 0});
  }
  exactly_ = true;
  wake();
}

void Mirror::follow(const std::vector<vip::Change>& changes) {
  if (changes.empty()) return;
  for (const auto& change : changes) pending_.insert_or_assign(change.record.address, change);
  wake();
}

void Mirror::wake() {
  if (!ledger_ || std::exchange(writing_, true)) return;
  asio::co_spawn(loop_, write(shared_from_this()), asio::detached);
}

// What failed stays pending, and is tried again with the next change.
asio::awaitable<void> Mirror::write(std::shared_ptr<Mirror> /*self*/) {
  asio::steady_timer gather(loop_);
  while (!pending_.empty() || exactly_) {
    gather.expires_after(kGather);
    co_await gather.async_wait(asio::use_awaitable);
    auto taken = std::exchange(pending_, {});
    const bool exactly = std::exchange(exactly_, false);
    std::string failure;
    try {
      std::vector<vip::Change> changes;
      std::set<vip::Address> same;
      if (exactly) {
        for (auto& record : co_await ledger_->load()) {
          const auto wanted = taken.find(record.address);
          if (wanted == taken.end()) changes.push_back({std::move(record), true, 0});
          if (wanted != taken.end() && wanted->second.record == record) same.insert(record.address);
        }
      }
      for (const auto& [address, change] : taken) {
        if (change.erase || !same.contains(address)) changes.push_back(change);
      }
      co_await ledger_->commit(std::move(changes));
      warned_ = false;
    } catch (const std::exception& e) {
      failure = e.what();
    }
    if (failure.empty()) continue;
    if (!std::exchange(warned_, true))
      spdlog::warn(
          "ledger: the local copy of the shared one is not kept: {}; only a start without the API server needs it",
          failure);
    exactly_ = exactly_ || exactly;
    pending_.merge(taken);  // what came meanwhile is newer, and stays
    break;
  }
  writing_ = false;
}

asio::awaitable<void> Mirror::written() {
  asio::steady_timer soon(loop_);
  while (writing_) {
    soon.expires_after(kGather);
    co_await soon.async_wait(asio::use_awaitable);
  }
}

}  // namespace meridian::ledger
