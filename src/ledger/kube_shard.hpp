#pragma once
// A shard of the ledger: one ConfigMap, NAME-0, NAME-1, ..., as a value, and the texts that write one. Pure; any
// thread.

#include <boost/json/object.hpp>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ledger/kube_line.hpp"

namespace meridian::ledger {

inline constexpr const char* kLedgerLabel = "meridian.internal/ledger";  // NAME: how all shards of a ledger are found
inline constexpr const char* kEpochNote = "meridian.internal/epoch";     // of the leader that wrote it last
inline constexpr const char* kHolderNote = "meridian.internal/holder";   // that leader's identity
inline constexpr const char* kShardsNote = "meridian.internal/shards";   // on shard 0: how many shards there must be
// On shard 0: kPerEntry if hosts of one entry share a VIP. Sticky: a VIP that exists does not move.
inline constexpr const char* kVipsNote = "meridian.internal/vips";
inline constexpr const char* kPerEntry = "per-entry";
inline constexpr int kMostShards = 4096;

struct LedgerName {
  std::string space, name;
};

using Lines = std::map<vip::Address, Line>;

struct Shard {
  int number = 0;
  std::string version;  // resourceVersion; empty: it is not there
  std::uint64_t epoch = 0;
  std::string holder;
  int shards = 0;          // as kShardsNote says; 0: it does not
  bool per_entry = false;  // as kVipsNote says, on shard 0
  bool labelled = true;    // false: only by its name is it known as ours
  Lines lines;
  std::vector<std::pair<std::string, std::string>> damaged;  // keys and values that are no lines
};

std::string shard_name(const LedgerName& ledger, int number);
// Nothing: this is no shard of that ledger ("NAME-07", "NAME-x", another's).
std::optional<int> shard_number(const LedgerName& ledger, std::string_view config_map);
// Which shard it is, in which version, without a look at its lines; nothing: it is none.
struct ShardVersion {
  int number = 0;
  std::string version;
};
std::optional<ShardVersion> identify_shard(const LedgerName& ledger, const boost::json::object& config_map);
std::optional<Shard> parse_shard(const LedgerName& ledger, const boost::json::object& config_map);

// What a leader writes: its epoch and name, and lines.
struct ShardWrite {
  int number = 0;
  std::uint64_t epoch = 0;
  std::string holder;
  int shards = 0;                                          // for kShardsNote; 0: leave it as it is
  bool per_entry = false;                                  // for kVipsNote; false: leave it as it is
  std::map<std::string, std::optional<std::string>> data;  // by key; nothing: the key goes
};
// A JSON merge patch (RFC 7396) that is refused unless the shard still has `version`.
std::string merge_patch(const LedgerName& ledger, const ShardWrite& write, const std::string& version);
// The whole ConfigMap.
std::string config_map(const LedgerName& ledger, const ShardWrite& write);

// What makes `seen` into `wanted`.
std::map<std::string, std::optional<std::string>> difference(const Shard& seen, const Lines& wanted);
// What a line takes of its shard, about.
std::size_t octets_of(const Line& line);

}  // namespace meridian::ledger
