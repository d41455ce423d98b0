#pragma once
// The one process that may write, for one term of its office: takes all shards over, then keeps them as it wants them.
// It works by comparing what it saw last with what it wants, so that a lost answer, a hand edit and a deleted shard are
// one case: look again, write the difference. Control thread; one call at a time.

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "ledger/kube_mirror.hpp"
#include "ledger/kube_plan.hpp"
#include "ledger/kube_shard.hpp"
#include "ledger/kube_store.hpp"
#include "ledger/kube_view.hpp"
#include "ledger/ledger.hpp"

namespace meridian::ledger {

// Another leader was in a shard after us: this term is over.
struct Deposed : Unavailable {
  using Unavailable::Unavailable;
};

class ShardWriter {
 public:
  struct Office {
    std::string identity;
    std::function<bool()> held;                                     // asked before every request, and after it
    std::function<bool()> stopped;                                  // asked before every request: no more of them
    std::function<void(const Shard&)> wrote = [](const Shard&) {};  // each shard as our write left it
    // What is known from an earlier run, if shards are missing.
    std::function<boost::asio::awaitable<Recalled>()> recall;
    bool per_entry = false;  // we want hosts of one entry to share a VIP; false: as the ledger has it
  };
  // `store` and what `office` calls outlive every call.
  ShardWriter(ShardStore& store, LedgerName ledger, Office office, std::size_t shard_octets = ShardPlan::kShardOctets);

  // Writes a new epoch into every shard, the first of all terms, larger than `floor`; makes missing shards from what
  // is `known` of them; settles what contradicts itself. Nobody else's write succeeds after that. Throws Unavailable:
  // call it again.
  boost::asio::awaitable<void> take_over(const ShardView& known, std::uint64_t floor);
  // Throws Unavailable: what it could not write it still wants, and writes with the next call.
  boost::asio::awaitable<void> commit(std::vector<vip::Change> changes);
  // Somebody else was seen in a shard, or deleted it: as it should be, it is again.
  boost::asio::awaitable<void> look_after(int shard);

  std::uint64_t epoch() const { return epoch_; }
  // As our writes left them.
  const std::map<int, Shard>& seen() const { return seen_; }
  // What contradicted itself, and how take_over() settled it; for people.
  const std::vector<std::string>& conflicts() const { return conflicts_; }
  // How many records take_over() made from what was known, because their shards were missing.
  std::size_t seeded() const { return seeded_; }

 private:
  using Numbers = std::set<int>;
  boost::asio::awaitable<bool> claim(std::map<int, Shard>& found);
  boost::asio::awaitable<bool> claim_one(std::map<int, Shard>& found, int number, Shard shard);
  boost::asio::awaitable<void> converge();
  boost::asio::awaitable<bool> pass();
  boost::asio::awaitable<bool> look();
  boost::asio::awaitable<bool> complete();
  boost::asio::awaitable<bool> write_differences(bool only_what_frees);
  boost::asio::awaitable<bool> write(ShardWrite write);
  ShardWrite signed_write(int number) const;
  void check() const;
  void check_before() const;
  void note_edit(const Shard& before, const Shard& now) const;
  bool ours(const Shard& shard) const { return shard.epoch == epoch_ && shard.holder == office_.identity; }
  bool present(int number) const;
  bool as_wanted(int number) const;
  bool must_free_first() const;
  int declared() const;

  ShardStore& store_;
  const LedgerName ledger_;
  const Office office_;
  std::uint64_t epoch_ = 0;
  bool per_entry_ = false;     // the note that shard 0 shall have; where it is not wanted it may stay
  bool in_office_ = false;     // take_over() is done: what somebody else writes is put right, no longer adopted
  std::map<int, Shard> seen_;  // no version: not there; its lines are then what it held
  ShardPlan plan_;
  Numbers dirty_;   // may be other than wanted
  Numbers unsure_;  // may be other than seen: a write whose answer is not known
  std::vector<std::string> conflicts_;
  std::size_t seeded_ = 0;
};

}  // namespace meridian::ledger
