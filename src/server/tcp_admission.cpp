#include "server/tcp_admission.hpp"

namespace meridian::server {

namespace {

constexpr int kBusyAtMost = 64;  // looked at for one newcomer

}  // namespace

void TcpAdmission::set_limits(const config::Limits& limits) {
  const std::lock_guard lock(mutex_);
  clients_ = limits.tcp_clients;
  per_address_ = limits.tcp_clients_per_address;
}

TcpAdmission::SlotPtr TcpAdmission::admit(const boost::asio::ip::address& address, Clock::time_point now,
                                          std::function<void()> evict) {
  const std::lock_guard lock(mutex_);
  const auto known = addresses_.find(address);
  if (known != addresses_.end() && known->second >= per_address_) return nullptr;
  if (by_age_.size() >= clients_ && !evict_oldest_idle(now)) return nullptr;

  auto slot = std::make_shared<Slot>();
  slot->touch(now, false);
  slot->address_ = address;
  slot->evict_ = std::move(evict);
  slot->place_ = by_age_.emplace(now.time_since_epoch().count(), slot);
  slot->admitted_ = true;
  ++addresses_[address];
  return slot;
}

void TcpAdmission::release(const SlotPtr& slot) {
  const std::lock_guard lock(mutex_);
  if (slot->admitted_) remove(*slot);
}

std::size_t TcpAdmission::open() const {
  const std::lock_guard lock(mutex_);
  return by_age_.size();
}

void TcpAdmission::remove(Slot& slot) {
  const auto count = addresses_.find(slot.address_);
  if (--count->second == 0) addresses_.erase(count);
  slot.admitted_ = false;
  slot.evict_ = nullptr;
  by_age_.erase(slot.place_);  // may have been the last but the caller's reference to it
}

// The order in by_age_ is older than the truth, but never younger: the first slot whose place is its last activity is
// the one that has been idle longest. The others move to where they belong, which their own activity has paid for. Busy
// ones go to the end; nobody has paid for that, so there is a limit to it, and the next search goes on behind them.
bool TcpAdmission::evict_oldest_idle(Clock::time_point now) {
  int busy_left = kBusyAtMost;
  for (auto left = 2 * by_age_.size(); left > 0 && busy_left > 0; --left) {
    const auto oldest = by_age_.begin();
    const auto slot = oldest->second;
    const bool busy = slot->busy_.load(std::memory_order_relaxed);
    const auto active = busy ? now.time_since_epoch().count() : slot->last_active_.load(std::memory_order_relaxed);
    if (!busy && active <= oldest->first) {
      slot->evict_();
      remove(*slot);
      return true;
    }
    if (busy) --busy_left;
    by_age_.erase(oldest);
    slot->place_ = by_age_.emplace(active, slot);
  }
  return false;
}

}  // namespace meridian::server
