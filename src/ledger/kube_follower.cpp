#include "ledger/kube_follower.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <functional>
#include <string_view>
#include <utility>

#include "kube/readable.hpp"

namespace meridian::ledger {
namespace {

constexpr std::size_t kMostReported = 1000;  // damaged lines

}  // namespace

// Whether what the feed tells is news, or may be older than what we know: then the shard itself is read.
bool ShardFollower::believe(int number, const std::string& version) {
  heard_[number] = version;
  auto& ahead = ahead_[number];
  if (const auto at = std::ranges::find(ahead, version); at != ahead.end()) {
    ahead.erase(ahead.begin(), at + 1);
    return false;
  }
  const auto* known = view_.find(number);
  if (known ? known->version == version : version.empty()) return false;
  if (!leader_ && ahead.empty()) return true;
  wishes_.read(number);
  return false;
}

void ShardFollower::listed(std::map<int, Shard> shards) {
  std::map<int, Shard> now;
  for (auto& [number, shard] : shards) {
    report_damage(shard);
    const auto* known = view_.find(number);
    if (believe(number, shard.version)) {
      now.emplace(number, std::move(shard));
    } else if (known) {
      now.emplace(number, *known);
    }
  }
  for (const int number : view_.numbers()) {
    if (!shards.contains(number) && !believe(number, {})) now.emplace(number, *view_.find(number));
  }
  tell(view_.put_all(std::move(now)));
  if (std::exchange(listed_, true)) return;
  wishes_.waited_for();
  if (!leader_) news_.reload();
}

void ShardFollower::failed() {
  if (!listed_) wishes_.waited_for();
}

bool ShardFollower::echoed(int number, const std::string& version) {
  const auto* known = view_.find(number);
  const auto ahead = ahead_.find(number);
  const bool ours = ahead != ahead_.end() && std::ranges::find(ahead->second, version) != ahead->second.end();
  if (!ours && !(known && known->version == version)) return false;
  believe(number, version);
  return true;
}

void ShardFollower::changed(Shard shard) {
  report_damage(shard);
  if (believe(shard.number, shard.version)) tell(view_.put(std::move(shard)));
}

void ShardFollower::deleted(int number) {
  if (!believe(number, {})) return;
  spdlog::warn("ledger: configmap {}/{} was deleted; what it held is answered", name_.space, shard_name(name_, number));
  tell(view_.gone(number));
}

void ShardFollower::read(Shard shard) {
  ahead_[shard.number].clear();
  ahead_of_feed(shard);
  report_damage(shard);
  tell(view_.put(std::move(shard)));
}

void ShardFollower::gone(int number) {
  ahead_[number].clear();
  tell(view_.gone(number));
}

void ShardFollower::wrote(const Shard& shard) {
  ahead_of_feed(shard);
  tell(view_.put(shard));
}

void ShardFollower::ahead_of_feed(const Shard& shard) {
  if (heard_[shard.number] != shard.version) ahead_[shard.number].push_back(shard.version);
}

void ShardFollower::take_office(const std::map<int, Shard>& shards) {
  for (const auto& [number, shard] : shards) {
    ahead_[number].clear();
    ahead_of_feed(shard);
    report_damage(shard);
  }
  leader_ = true;
  mirrored_ = false;  // it is told the whole again
  tell(view_.put_all(shards));
  news_.reload();
}

void ShardFollower::leave_office() {
  leader_ = false;
  news_.reload();
}

bool ShardFollower::in_step(int number) const {
  const auto* known = view_.find(number);
  const auto heard = heard_.find(number);
  return known && heard != heard_.end() && heard->second == known->version;
}

boost::asio::awaitable<Recalled> ShardFollower::recall() {
  if (mirrored_) co_return Recalled();
  co_return co_await mirror_->recall();
}

void ShardFollower::remember(const Recalled& all) {
  view_.remember(all.records, all.per_entry);
  per_entry_ = view_.per_entry();
}

// An incomplete ledger does not go over what the mirror knows of the complete one.
void ShardFollower::tell(std::vector<vip::Change> changes) {
  const bool per_entry = view_.per_entry();
  const bool other = std::exchange(per_entry_, per_entry) != per_entry;
  if (mirrored_) {
    mirror_->follow(changes);
    if (other) mirror_->note(per_entry);
  } else if (view_.whole()) {
    mirrored_ = true;
    mirror_->replace({view_.records(), per_entry});
  }
  if (other) news_.reload();  // whoever loaded asks again whose VIP is whose
  if (!leader_) news_.tell(std::move(changes));
}

void ShardFollower::report_damage(const Shard& shard) {
  const auto where = name_.space + "/" + shard_name(name_, shard.number);
  const std::hash<std::string_view> hash;
  for (const auto& [key, value] : shard.damaged) {
    if (reported_.size() >= kMostReported) return;
    if (!reported_.insert(hash(std::to_string(hash(value)) + " " + where + " " + key)).second) continue;
    spdlog::error("ledger: configmap {}: '{}' is no line of a ledger and is set aside, the others are used: {}", where,
                  kube::readable(key), kube::readable(value));
    if (reported_.size() == kMostReported)
      spdlog::error("ledger: {} lines that are none were reported; no more are until a restart", kMostReported);
  }
}

}  // namespace meridian::ledger
