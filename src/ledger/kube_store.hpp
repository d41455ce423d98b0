#pragma once
// Shards in the API server: read and written one by one, each write only if nobody else was there first. What the
// answers mean for a leader is ShardWriter's business. Control thread.

#include <boost/asio/awaitable.hpp>
#include <map>
#include <optional>
#include <string>

#include "kube/api.hpp"
#include "ledger/kube_shard.hpp"
#include "ledger/ledger.hpp"

namespace meridian::ledger {

// Everything throws Unavailable: of a write nobody knows then whether it took effect, or will.
class ShardStore {
 public:
  virtual ~ShardStore() = default;
  // All shards that have the ledger's label, as they are now (a quorum read: never an older state).
  virtual boost::asio::awaitable<std::map<int, Shard>> list() = 0;
  // As it is now, label or not; nothing: it is not there.
  virtual boost::asio::awaitable<std::optional<Shard>> get(int number) = 0;
  // As it is now, by us. Nothing: refused, because it is there already; because it is not `version` any more, or gone.
  virtual boost::asio::awaitable<std::optional<Shard>> create(ShardWrite write) = 0;
  virtual boost::asio::awaitable<std::optional<Shard>> patch(ShardWrite write, std::string version) = 0;
};

class ApiShardStore final : public ShardStore {
 public:
  ApiShardStore(kube::Api& api, LedgerName ledger) : api_(api), ledger_(std::move(ledger)) {}

  boost::asio::awaitable<std::map<int, Shard>> list() override;
  boost::asio::awaitable<std::optional<Shard>> get(int number) override;
  boost::asio::awaitable<std::optional<Shard>> create(ShardWrite write) override;
  boost::asio::awaitable<std::optional<Shard>> patch(ShardWrite write, std::string version) override;

 private:
  boost::asio::awaitable<kube::Response> send(kube::Request request);
  std::string path() const;
  Shard parse(const std::string& body) const;
  Unavailable refused(const kube::Response& response, const char* verb) const;

  kube::Api& api_;
  const LedgerName ledger_;
};

}  // namespace meridian::ledger
