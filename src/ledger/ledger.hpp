#pragma once
// Where VIPs are remembered, whatever the store. All calls from the control thread; implementations do their blocking
// work elsewhere and resume the caller on its own executor.

#include <boost/asio/awaitable.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include <meridian/vip/allocator.hpp>

namespace meridian::ledger {

// The store can't be used now: the text says which store, why, and what to do. Changes were not written; commit() the
// same ones again later.
struct Unavailable : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class Ledger {
 public:
  virtual ~Ledger() = default;
  // All records. What is damaged is set aside with a loud log line and comes back empty: the allocator finds the VIPs
  // again in hash order. Throws Unavailable.
  virtual boost::asio::awaitable<std::vector<vip::Record>> load() = 0;
  // Durable when it returns: a VIP may be answered after that and not before. All or nothing. Throws Unavailable.
  virtual boost::asio::awaitable<void> commit(std::vector<vip::Change> changes) = 0;
  // For people: "sqlite /var/lib/meridian/vips.db".
  virtual std::string describe() const = 0;
};

}  // namespace meridian::ledger
