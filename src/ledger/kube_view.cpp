#include "ledger/kube_view.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "kube/readable.hpp"

namespace meridian::ledger {

void ShardView::index(int number, const Lines& lines) {
  for (const auto& [address, line] : lines) {
    shards_of_.emplace(address, number);
    addresses_of_.emplace(line.record.host, address);
  }
}

void ShardView::unindex(int number, const Lines& lines) {
  const auto erase_one = [](auto& index, const auto& key, const auto& value) {
    const auto [first, last] = index.equal_range(key);
    const auto found = std::find_if(first, last, [&](const auto& pair) { return pair.second == value; });
    if (found != last) index.erase(found);
  };
  for (const auto& [address, line] : lines) {
    erase_one(shards_of_, address, number);
    erase_one(addresses_of_, line.record.host, address);
  }
}

bool ShardView::better(const Place& one, const Place& other) {
  const auto rank = [](const Place& p) {
    return std::tuple(!p.known->there, p.line->epoch, p.known->shard.number, p.line->record.address);
  };
  return rank(one) < rank(other);
}

ShardView::Place ShardView::best_at(const vip::Address& address) const {
  Place best;
  const auto [first, last] = shards_of_.equal_range(address);
  for (auto at = first; at != last; ++at) {
    const auto& known = shards_.at(at->second);
    const Place place{&known.shard.lines.at(address), &known};
    if (!best.line || better(place, best)) best = place;
  }
  return best;
}

// The address for which this one, the best line of its own, does not hold; null: it holds.
const vip::Address* ShardView::contradicted_by(const Place& place) const {
  const auto& record = place.line->record;
  if (!record.active) return nullptr;
  const auto [first, last] = addresses_of_.equal_range(record.host);
  if (std::next(first) == last) return nullptr;  // as nearly always
  for (auto at = first; at != last; ++at) {
    if (at->second == record.address || vip::family_of(at->second) != vip::family_of(record.address)) continue;
    const auto other = best_at(at->second);
    if (other.line->record.active && other.line->record.host == record.host && better(other, place)) return &at->second;
  }
  return nullptr;
}

std::optional<vip::Record> ShardView::holds(const vip::Address& address) const {
  const auto place = best_at(address);
  if (!place.line) return std::nullopt;
  auto record = place.line->record;
  if (contradicted_by(place)) record.active = false;
  return record;
}

// Keeps what holds now of all that may hold no longer when `lines` come or go.
void ShardView::touch(const Lines& lines, Touched& touched) const {
  const auto keep = [&](const vip::Address& address) {
    if (!touched.contains(address)) touched.emplace(address, holds(address));
  };
  const auto keep_host = [&](const std::string& host) {
    const auto [first, last] = addresses_of_.equal_range(host);
    for (auto at = first; at != last; ++at) keep(at->second);
  };
  for (const auto& [address, line] : lines) {
    keep(address);
    keep_host(line.record.host);
    const auto [first, last] = shards_of_.equal_range(address);
    for (auto at = first; at != last; ++at) keep_host(shards_.at(at->second).shard.lines.at(address).record.host);
  }
}

void ShardView::replace(int number, Shard shard, bool there, Touched& touched) {
  auto& known = shards_[number];
  if (known.there != there) {
    touch(known.shard.lines, touched);
    touch(shard.lines, touched);
  } else {
    Lines differing;
    const auto differ = [&](const Lines& lines, const Lines& from) {
      for (const auto& [address, line] : lines) {
        const auto found = from.find(address);
        if (found == from.end() || found->second != line) differing.insert_or_assign(address, line);
      }
    };
    differ(shard.lines, known.shard.lines);
    touch(differing, touched);
    differing.clear();
    differ(known.shard.lines, shard.lines);
    touch(differing, touched);
  }
  unindex(number, known.shard.lines);
  known.shard = std::move(shard);
  known.shard.number = number;
  known.there = there;
  index(number, known.shard.lines);
}

void ShardView::drop_gone(Touched& touched) {
  if (!whole()) return;
  for (auto at = shards_.begin(); at != shards_.end();) {
    if (at->second.there) {
      ++at;
      continue;
    }
    touch(at->second.shard.lines, touched);
    unindex(at->first, at->second.shard.lines);
    at = shards_.erase(at);
  }
}

ShardView::Changes ShardView::changes(const Touched& before) const {
  Changes changes;
  for (const auto& [address, record] : before) {
    auto now = holds(address);
    if (now == record) continue;
    vip::Change change;
    change.erase = !now;
    if (now) change.record = std::move(*now);
    change.record.address = address;
    changes.push_back(std::move(change));
  }
  std::ranges::stable_partition(changes, [](const vip::Change& c) { return c.erase || !c.record.active; });
  return changes;
}

ShardView::Changes ShardView::put(Shard shard) {
  Touched touched;
  const int number = shard.number;
  replace(number, std::move(shard), true, touched);
  drop_gone(touched);
  return changes(touched);
}

ShardView::Changes ShardView::put_all(std::map<int, Shard> shards) {
  Touched touched;
  for (auto& [number, known] : shards_) {
    if (!known.there || shards.contains(number)) continue;
    touch(known.shard.lines, touched);
    known.there = false;
  }
  for (auto& [number, shard] : shards) replace(number, std::move(shard), true, touched);
  drop_gone(touched);
  return changes(touched);
}

ShardView::Changes ShardView::gone(int number) {
  Touched touched;
  const auto found = shards_.find(number);
  if (found == shards_.end() || !found->second.there) return {};
  touch(found->second.shard.lines, touched);
  found->second.there = false;
  drop_gone(touched);
  return changes(touched);
}

ShardView::Changes ShardView::remember(const std::vector<vip::Record>& records, bool per_entry) {
  Touched touched;
  Shard elsewhere;
  elsewhere.per_entry = per_entry;
  for (const auto& record : records) elsewhere.lines.insert_or_assign(record.address, Line{record, kLastEpoch});
  replace(kElsewhere, std::move(elsewhere), false, touched);
  drop_gone(touched);
  return changes(touched);
}

bool ShardView::whole() const {
  const auto* first = find(0);
  if (!first || first->shards == 0) return false;
  for (int number = 1; number < first->shards; ++number) {
    if (!find(number)) return false;
  }
  return true;
}

bool ShardView::per_entry() const {
  if (const auto* first = find(0)) return first->per_entry;
  return std::ranges::any_of(shards_, [](const auto& known) { return known.second.shard.per_entry; });
}

const Shard* ShardView::find(int number) const {
  const auto found = shards_.find(number);
  return found == shards_.end() || !found->second.there ? nullptr : &found->second.shard;
}

std::vector<int> ShardView::numbers() const {
  std::vector<int> numbers;
  for (const auto& [number, known] : shards_) {
    if (known.there) numbers.push_back(number);
  }
  return numbers;
}

std::vector<int> ShardView::missing() const {
  const auto* first = find(0);
  std::vector<int> missing;
  for (int number = 0; number < std::max(1, first ? first->shards : 0); ++number) {
    if (!shards_.contains(number)) missing.push_back(number);
  }
  for (const auto& [number, known] : shards_) {
    if (!known.there && number >= 0) missing.push_back(number);
  }
  std::ranges::sort(missing);
  return missing;
}

std::uint64_t ShardView::newest_epoch() const {
  std::uint64_t newest = 0;
  for (const auto& [number, known] : shards_) {
    newest = std::max(newest, known.shard.epoch);
    if (number == kElsewhere) continue;
    for (const auto& [address, line] : known.shard.lines) newest = std::max(newest, line.epoch);
  }
  return newest;
}

std::vector<vip::Record> ShardView::records() const {
  std::vector<vip::Record> records;
  for (const auto& [number, known] : shards_) {
    for (const auto& [address, line] : known.shard.lines) {
      if (best_at(address).line == &line) records.push_back(*holds(address));
    }
  }
  return records;
}

ShardView::Settled ShardView::settled() const {
  Settled settled;
  for (const auto& [number, known] : shards_) {
    for (const auto& [address, line] : known.shard.lines) {
      const auto best = best_at(address);
      const auto text = address.to_string() + " of " + kube::readable(line.record.host) + " (epoch " +
                        std::to_string(line.epoch) + ")";
      if (best.line != &line) {
        if (known.there)
          settled.conflicts.push_back(text + " is given to " + kube::readable(best.line->record.host) + " elsewhere");
        continue;
      }
      auto kept = line;
      if (const auto* other = contradicted_by(best)) {
        kept.record.active = false;
        if (known.there) settled.conflicts.push_back(text + " is freed: the host has " + other->to_string());
      }
      if (number == kElsewhere) {
        settled.homeless.push_back(std::move(kept));
      } else {
        settled.shards[number].emplace(address, std::move(kept));
      }
    }
    if (number != kElsewhere) settled.shards[number];  // an empty one too
  }
  return settled;
}

}  // namespace meridian::ledger
