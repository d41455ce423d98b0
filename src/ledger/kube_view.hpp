#pragma once
// All shards as last seen, and the records that hold among them. One thread; pure.
//
// What contradicts itself is settled by everybody in the same way, without asking: of two lines at one address, and of
// two active addresses of one host and family, the one with the older epoch holds, then the smaller shard, then the
// smaller address. A host's address that does not hold counts as freed just now.
//
// A shard that went away is not forgotten: until the ledger is whole again its lines hold, weaker than all that are
// there. Nobody's VIP goes because somebody deleted a ConfigMap.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include <meridian/vip/record.hpp>

#include "ledger/kube_shard.hpp"

namespace meridian::ledger {

class ShardView {
 public:
  using Changes = std::vector<vip::Change>;

  // As it is now. Returns what changed in the records that hold; what frees addresses comes first.
  Changes put(Shard shard);
  // A complete list: what is not in it is gone.
  Changes put_all(std::map<int, Shard> shards);
  Changes gone(int number);
  // What we know from elsewhere, for as long as the ledger is not whole; a shard that nobody ever had.
  Changes remember(const std::vector<vip::Record>& records, bool per_entry = false);

  // Shard 0 is there, and all that it says there must be.
  bool whole() const;
  // Whether hosts of one entry share a VIP: as shard 0 says, or said before it went.
  bool per_entry() const;
  // Null: not there.
  const Shard* find(int number) const;
  std::vector<int> numbers() const;          // of the shards that are there
  std::vector<int> missing() const;          // of those that are not, and are known or must be
  std::uint64_t newest_epoch() const;        // of shards and lines, gone ones too
  std::vector<vip::Record> records() const;  // that hold; in no order

  // The lines that hold, each in its shard, gone shards too; what is known from elsewhere is in `homeless`.
  struct Settled {
    std::map<int, Lines> shards;
    std::vector<Line> homeless;
    std::vector<std::string> conflicts;  // for people: what contradicted, and how it was settled
  };
  Settled settled() const;

 private:
  static constexpr int kElsewhere = -1;
  struct Known {
    Shard shard;
    bool there = false;
  };
  struct Place {
    const Line* line = nullptr;
    const Known* known = nullptr;
  };
  using Touched = std::map<vip::Address, std::optional<vip::Record>>;  // what held before

  void replace(int number, Shard shard, bool there, Touched& touched);
  void drop_gone(Touched& touched);
  void touch(const Lines& lines, Touched& touched) const;
  Changes changes(const Touched& before) const;
  std::optional<vip::Record> holds(const vip::Address& address) const;
  Place best_at(const vip::Address& address) const;
  const vip::Address* contradicted_by(const Place& place) const;
  static bool better(const Place& one, const Place& other);
  void index(int number, const Lines& lines);
  void unindex(int number, const Lines& lines);

  std::map<int, Known> shards_;
  std::unordered_multimap<vip::Address, int> shards_of_;
  std::unordered_multimap<std::string, vip::Address> addresses_of_;  // a host's, once for each line
};

}  // namespace meridian::ledger
