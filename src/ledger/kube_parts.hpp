#pragma once
// What a replica of the shared ledger stands on besides its store: the right to write, and the news of the shards. In
// the product the Lease and a Reflector; in tests a hand that plays both. Control thread.

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <map>
#include <string>

#include "ledger/kube_shard.hpp"

namespace meridian::ledger {

// As kube::Lease, which see.
class Role {
 public:
  virtual ~Role() = default;
  virtual void start(std::function<void()> changed) = 0;
  virtual bool held() const = 0;
  virtual std::string holder() const = 0;
  virtual std::string trouble() const = 0;
  virtual boost::asio::awaitable<void> release() = 0;
  virtual void stop() = 0;
};

class ShardFeed {
 public:
  // Never called from inside start() or stop(), and never after stop().
  class Listener {
   public:
    virtual ~Listener() = default;
    virtual void listed(std::map<int, Shard> shards) = 0;  // all there are
    // One came, or is another now, in this version. True: that is known already, changed() need not tell it.
    virtual bool echoed(int number, const std::string& version) = 0;
    virtual void changed(Shard shard) = 0;  // one came, or is another now
    virtual void deleted(int number) = 0;
    virtual void failed() = 0;  // nothing can be told at the moment: trouble() says why
  };
  virtual ~ShardFeed() = default;
  virtual void start(Listener& listener) = 0;
  virtual std::string trouble() const = 0;
  virtual void stop() = 0;
};

}  // namespace meridian::ledger
