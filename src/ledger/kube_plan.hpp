#pragma once
// What a leader wants the shards to hold: which address lives where, and how full each is. Pure; one thread.

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <unordered_map>
#include <vector>

#include <meridian/vip/record.hpp>

#include "ledger/kube_shard.hpp"
#include "ledger/kube_view.hpp"

namespace meridian::ledger {

class ShardPlan {
 public:
  // A shard is full, for new records, from this many octets on: a quarter of a MiB as JSON, managedFields and all,
  // where Kubernetes ends at one MiB.
  static constexpr std::size_t kShardOctets = 128 * 1024;
  explicit ShardPlan(std::size_t shard_octets = kShardOctets) : shard_octets_(shard_octets) {}

  // All that holds stays where it is; what has no home gets one, and what contradicts it there is freed. Throws
  // Unavailable, as apply() does, when kMostShards are full.
  void adopt(ShardView::Settled settled, std::uint64_t epoch);
  // A record stays in the shard where it was put first; a new one goes to the least full. Returns the shards that
  // change, which may be new ones.
  std::set<int> apply(const std::vector<vip::Change>& changes, std::uint64_t epoch);

  // A shard that somebody made: it is ours, and empty.
  void adopt_empty(int shard) { shards_[shard], octets_[shard]; }

  const Lines& lines(int shard) const;
  const std::map<int, Lines>& shards() const { return shards_; }
  // What shards() would hold if only what frees an address had been written to what is there: gone lines go, and a
  // line that gets another host is freed first.
  static Lines freed_only(const Lines& seen, const Lines& wanted);

 private:
  int place();
  void set(int shard, const Line& line);
  void unset(const vip::Address& address);

  std::size_t shard_octets_;
  std::map<int, Lines> shards_;
  std::map<int, std::size_t> octets_;
  std::unordered_map<vip::Address, int> shard_of_;
};

// Whether something in one shard can only be taken when it is free in another: an address, or a host's place.
bool depend_on_each_other(const std::map<int, const Lines*>& seen, const std::map<int, const Lines*>& wanted);

}  // namespace meridian::ledger
