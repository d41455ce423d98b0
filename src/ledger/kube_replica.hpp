#pragma once
// One process's part in the shared ledger: follows it, and writes it while it has the right to. Nothing in here knows
// how the parts are made. Control thread.

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "ledger/kube_mirror.hpp"
#include "ledger/kube_parts.hpp"
#include "ledger/kube_plan.hpp"
#include "ledger/kube_store.hpp"
#include "ledger/ledger.hpp"

namespace meridian::ledger {

struct ReplicaParts {
  std::unique_ptr<ShardStore> store;
  std::unique_ptr<Role> role;
  std::unique_ptr<ShardFeed> feed;
  std::shared_ptr<Mirror> mirror;
  LedgerName name;
  std::string identity;    // this process and no other
  bool per_entry = false;  // hosts of one entry shall share a VIP; false: as the ledger has it
  std::function<std::string()> describe;
  std::size_t shard_octets = ShardPlan::kShardOctets;
  std::chrono::milliseconds patience{1000};                        // load() waits for the cluster, then asks the mirror
  std::chrono::milliseconds first_pause{50}, longest_pause{2000};  // between two tries
  // Who was deposed although it holds the Lease waits for so long before it takes the ledger back. Two that both
  // believe that they hold it (somebody deleted the Lease) would otherwise depose each other until the next renewal
  // tells.
  std::chrono::milliseconds deposed_pause{3000};
};

// What is under way when it is destroyed may still send what it was sending, and nothing more.
std::unique_ptr<Ledger> make_replica(boost::asio::io_context& loop, ReplicaParts parts);

}  // namespace meridian::ledger
