#pragma once
// Where VIPs are remembered, whatever the store. All calls from the control thread; implementations do their blocking
// work elsewhere and resume the caller on its own executor.

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include <meridian/vip/allocator.hpp>

namespace meridian::ledger {

// The store can't be used now: the text says which store, why, and what to do. Changes were not written, or nobody
// knows whether they were; commit() the same ones again later.
struct Unavailable : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// What happened to a shared ledger without our doing.
struct News {
  // load() again: the right to write came or went, the store is readable again, or shares() is another.
  bool reload = false;
  std::vector<vip::Change> changes{};  // otherwise: what another process wrote, in the order in which it holds
};

class Ledger {
 public:
  virtual ~Ledger() = default;
  // All records, as they are when it returns: what was told by News before that is in them. What is damaged is set
  // aside with a loud log line and comes back empty: the allocator finds the VIPs again in hash order. Throws
  // Unavailable.
  virtual boost::asio::awaitable<std::vector<vip::Record>> load() = 0;
  // Durable when it returns: a VIP may be answered after that and not before. All or nothing, except that a shared
  // ledger may keep a part of what it could not finish: it is true then, and commit() of the same finishes it. Throws
  // Unavailable; always while !writable().
  virtual boost::asio::awaitable<void> commit(std::vector<vip::Change> changes) = 0;
  // For people: "sqlite /var/lib/meridian/vips.db".
  virtual std::string describe() const = 0;

  // Whether hosts of one entry share a VIP in it, under the name of one of them: so they do where VIPs are written back
  // into entries, and it stays so. A property of the ledger, not of who reads it. News{reload} when it changes.
  virtual bool shares() const { return false; }
  // A ledger that several processes share has one writer; the others follow it. A ledger of our own is always ours.
  virtual bool writable() const { return true; }
  // Once, before load(). The sink is called on the control thread, never from inside another call.
  virtual void follow(std::function<void(News)> /*sink*/) {}
  // For people: the process that writes; empty: we alone, or nobody.
  virtual std::string writer() const { return {}; }
  // What keeps it from being read or followed at the moment; empty: nothing.
  virtual std::string trouble() const { return {}; }
  // How often records that contradict each other were found in it, and settled: the older held.
  virtual std::uint64_t conflicts() const { return 0; }
  // After the last commit: lets go of the right to write, so that another process need not wait, and comes to rest.
  // Never throws.
  virtual boost::asio::awaitable<void> close() { co_return; }
};

}  // namespace meridian::ledger
