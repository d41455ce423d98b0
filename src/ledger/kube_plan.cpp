#include "ledger/kube_plan.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "ledger/ledger.hpp"

namespace meridian::ledger {
namespace {

using Owner = std::pair<std::string, vip::Family>;

Owner owner_of(const Line& line) {
  return {line.record.host, vip::family_of(line.record.address)};
}

const Lines kNoLines;

}  // namespace

const Lines& ShardPlan::lines(int shard) const {
  const auto found = shards_.find(shard);
  return found == shards_.end() ? kNoLines : found->second;
}

void ShardPlan::set(int shard, const Line& line) {
  auto& lines = shards_[shard];
  auto& octets = octets_[shard];
  const auto [at, fresh] = lines.try_emplace(line.record.address, line);
  if (!fresh) octets -= octets_of(std::exchange(at->second, line));
  octets += octets_of(line);
  shard_of_[line.record.address] = shard;
}

void ShardPlan::unset(const vip::Address& address) {
  const auto found = shard_of_.find(address);
  if (found == shard_of_.end()) return;
  const auto line = shards_[found->second].find(address);
  octets_[found->second] -= octets_of(line->second);
  shards_[found->second].erase(line);
  shard_of_.erase(found);
}

// The least full shard that takes new lines; a new one if none does.
int ShardPlan::place() {
  const auto least = std::ranges::min_element(octets_, {}, [](const auto& shard) { return shard.second; });
  if (least != octets_.end() && least->second < shard_octets_) return least->first;
  if (shards_.size() >= static_cast<std::size_t>(kMostShards))
    throw Unavailable("the ledger is full: it has " + std::to_string(kMostShards) +
                      " shards, and no more are read; give some of its clusters a ledger of their own");
  int next = 0;
  while (shards_.contains(next)) ++next;
  return next;
}

void ShardPlan::adopt(ShardView::Settled settled, std::uint64_t epoch) {
  shards_.clear();
  octets_.clear();
  shard_of_.clear();
  std::set<Owner> placed;
  for (const auto& [number, lines] : settled.shards) {
    shards_[number];
    octets_[number];
    for (const auto& [address, line] : lines) {
      set(number, line);
      if (line.record.active) placed.insert(owner_of(line));
    }
  }
  for (auto& line : settled.homeless) {
    line.epoch = epoch;
    if (line.record.active && !placed.insert(owner_of(line)).second) line.record.active = false;
    set(place(), line);
  }
  shards_[0];  // there is always one
  octets_[0];
}

std::set<int> ShardPlan::apply(const std::vector<vip::Change>& changes, std::uint64_t epoch) {
  std::set<int> touched;
  for (const auto& change : changes) {
    const auto& address = change.record.address;
    const auto home = shard_of_.find(address);
    if (change.erase) {
      if (home == shard_of_.end()) continue;
      touched.insert(home->second);
      unset(address);
      continue;
    }
    Line line{change.record, epoch};
    if (line.record.active) line.record.freed_for = {};
    line.record.freed_for = std::max(line.record.freed_for, std::chrono::seconds(0));
    const int shard = home == shard_of_.end() ? place() : home->second;
    if (home != shard_of_.end()) {
      const auto& before = shards_[shard].at(address);
      // The epoch is that of the allocation: freeing, ageing and repeating make no new one.
      const bool same = before.record.host == line.record.host && (before.record.active || !line.record.active);
      if (same) line.epoch = before.epoch;
    }
    set(shard, line);
    touched.insert(shard);
  }
  return touched;
}

Lines ShardPlan::freed_only(const Lines& seen, const Lines& wanted) {
  Lines freed;
  for (const auto& [address, line] : seen) {
    const auto next = wanted.find(address);
    if (next == wanted.end()) continue;
    auto kept = line;
    const bool stays = next->second.record.active && next->second.record.host == line.record.host;
    if (line.record.active && !stays) {
      kept.record.active = false;
      kept.record.freed_for = {};
      if (next->second.record.host == line.record.host) kept = next->second;
    }
    freed.emplace(address, std::move(kept));
  }
  return freed;
}

bool depend_on_each_other(const std::map<int, const Lines*>& seen, const std::map<int, const Lines*>& wanted) {
  std::map<Owner, std::set<int>> left;  // a host's place that comes free, and where
  std::map<vip::Address, std::set<int>> erased;
  for (const auto& [number, lines] : seen) {
    for (const auto& [address, line] : *lines) {
      const auto next = wanted.at(number)->find(address);
      const bool gone = next == wanted.at(number)->end();
      if (gone) erased[address].insert(number);
      const bool stays = !gone && next->second.record.active && next->second.record.host == line.record.host;
      if (line.record.active && !stays) left[owner_of(line)].insert(number);
    }
  }
  if (left.empty() && erased.empty()) return false;
  const auto elsewhere = [](const auto& map, const auto& key, int number) {
    const auto found = map.find(key);
    return found != map.end() && (found->second.size() > 1 || !found->second.contains(number));
  };
  for (const auto& [number, lines] : wanted) {
    for (const auto& [address, line] : *lines) {
      if (elsewhere(erased, address, number)) return true;
      if (line.record.active && elsewhere(left, owner_of(line), number)) return true;
    }
  }
  return false;
}

}  // namespace meridian::ledger
