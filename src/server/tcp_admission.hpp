#pragma once
// Limits on TCP connections over all workers (behaviour: limits): shared by need. One mutex, taken when a connection
// comes and when it goes; a query only stores the time into its connection's own slot.

#include <array>
#include <atomic>
#include <boost/asio/ip/address.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <unordered_map>

#include <meridian/config/config.hpp>

namespace meridian::server {

class TcpAdmission {
 public:
  using Clock = std::chrono::steady_clock;

  // One connection's place, shared by its worker and us.
  class Slot {
   public:
    // The owner's thread: something was asked or answered at `now`. A busy connection (it is owed a reply) is not
    // evicted.
    void touch(Clock::time_point now, bool busy) {
      last_active_.store(now.time_since_epoch().count(), std::memory_order_relaxed);
      busy_.store(busy, std::memory_order_relaxed);
    }

   private:
    friend class TcpAdmission;
    std::atomic<Clock::rep> last_active_{0};
    std::atomic<bool> busy_{false};
    // Below: under the mutex.
    boost::asio::ip::address address_;
    std::function<void()> evict_;
    bool admitted_ = false;
    std::multimap<Clock::rep, std::shared_ptr<Slot>>::iterator place_;
  };
  using SlotPtr = std::shared_ptr<Slot>;

  // From any thread. Connections that are open already stay, even if there are more than that now.
  void set_limits(const config::Limits& limits);

  // A new connection from `address`. Null if its address has too many, or if there are too many in all and none of them
  // is idle; else the oldest idle one makes room: its `evict` is called, under our mutex, on this thread, so it must
  // only post to its owner.
  SlotPtr admit(const boost::asio::ip::address& address, Clock::time_point now, std::function<void()> evict);
  // The connection is gone. Once is needed, more does no harm; after it returns its `evict` is not called any more.
  void release(const SlotPtr& slot);

  std::size_t open() const;

 private:
  void remove(Slot& slot);
  bool evict_oldest_idle(Clock::time_point now);

  mutable std::mutex mutex_;
  std::uint32_t clients_ = config::Limits{}.tcp_clients;
  std::uint32_t per_address_ = config::Limits{}.tcp_clients_per_address;
  std::unordered_map<boost::asio::ip::address, std::uint32_t> addresses_;
  // By a time that is at most the slot's last activity; brought up to date only when somebody has to go.
  std::multimap<Clock::rep, SlotPtr> by_age_;
};

}  // namespace meridian::server
