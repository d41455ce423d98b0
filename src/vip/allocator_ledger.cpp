// What the allocator has from the ledger and what it tells it.

#include <algorithm>
#include <cassert>
#include <meridian/vip/allocator.hpp>

namespace meridian::vip {
namespace {

// No rest is longer; a line that claims more must not overflow what is counted from it.
constexpr std::chrono::seconds kLongestRest = std::chrono::years(100);

}  // namespace

void Allocator::load(std::span<const Record> records, Role role) {
  role_ = role;
  book_ = {};
  journal_.forget();
  starved_by_family_ = {};
  starved_.clear();
  rebuild();
  space_freed_ = false;
  for (const auto& record : records) {
    if (book_.find(record.address)) {
      touch(record.address);
      continue;
    }
    const bool second = record.active && own(record.host, family_of(record.address)).active;
    auto* entry = learn(record);
    if (!entry) {
      touch(record.address);
    } else if (second && role_ == Role::Writes) {
      free(*entry);
    }
  }
}

std::vector<std::string> Allocator::adopt(std::span<const Change> changes) {
  std::set<std::string> hosts;
  const auto concern = [&hosts](const Entry* entry) {
    if (entry && entry->record.active) hosts.insert(entry->record.host);
  };
  for (const auto& change : changes) {
    const auto& record = change.record;
    const auto* before = book_.find(record.address);
    const bool same = before && before->record.active && before->in_ledger && !before->renamed && !change.erase &&
                      record.active && before->record.host == record.host;
    if (same) continue;
    concern(before);
    if (before) forget(record.address);
    if (!change.erase) concern(learn(record));
  }
  return {hosts.begin(), hosts.end()};
}

// A line of the ledger, whose address has no record yet; null: it is not to be recorded.
Allocator::Entry* Allocator::learn(const Record& record) {
  if (record.host.empty()) return nullptr;
  if (const auto literal = literals_.find(record.address); literal != literals_.end()) {
    literal->second.lost_by = record.host;
    if (role_ == Role::Writes) return nullptr;
  }
  auto& entry = book_.insert(record);
  places_of(family_of(record.address)).take(record.address);
  if (record.active) {
    entry.in_ledger = true;
    entry.record.freed_for = {};
    count_used(record.address, true);
  } else {
    entry.freed_at = now_ - std::clamp(record.freed_for, std::chrono::seconds(0), kLongestRest).count();
    shelve(entry);
  }
  return &entry;
}

Assignment Allocator::follow(std::string_view host, Family family, bool pinned) const {
  Assignment result;
  if (const auto address = held(host, family)) {
    result.state = Assignment::State::Held;
    result.address = *address;
  } else if (pool_.has(family) || pinned) {
    result.state = Assignment::State::Pending;
  }
  return result;
}

bool Allocator::has_vip(std::string_view host) const {
  bool found = false;
  book_.for_each_of(host, [&](const Entry& entry) { found |= entry.record.active; });
  return found;
}

std::optional<Address> Allocator::held(std::string_view host, Family family) const {
  std::optional<Address> lowest;
  book_.for_each_of(host, [&](const Entry& entry) {
    const auto& address = entry.record.address;
    if (family_of(address) != family || !entry.record.active || !entry.in_ledger) return;
    if (!literals_.contains(address) && (!lowest || address < *lowest)) lowest = address;
  });
  return lowest;
}

void Allocator::rename(std::string_view from, std::string_view to) {
  assert(!to.empty() && "the root has no VIP");
  if (role_ == Role::Follows) return;
  for (const auto family : {Family::V4, Family::V6}) {
    const auto* old = own(from, family).active;
    if (!old || own(to, family).active) continue;
    const auto record = old->record;
    const bool in_ledger = old->in_ledger;
    book_.erase(record.address);
    auto& entry = book_.insert({record.address, std::string(to), true, {}});
    entry.in_ledger = in_ledger;
    entry.renamed = true;  // no batch that is under way has this name
    touch(record.address);
    set_starved(to, family, false);
  }
}

void Allocator::lost(std::span<const Change> changes) {
  if (role_ == Role::Writes) journal_.lost(changes);
}

std::vector<Change> Allocator::freed_records() const {
  std::vector<Change> changes;
  if (role_ == Role::Follows) return changes;
  for (const auto* shelf : {&reusable_[0], &reusable_[1], &retired_}) {
    for (const auto& [since, address] : *shelf) {
      const auto& entry = *book_.find(address);
      // What was freed since the last batch is the next one's to tell: its host may be back before that.
      if (!entry.in_ledger) changes.push_back({entry.record, false, 0});
    }
  }
  return changes;
}

void Allocator::touch(const Address& address) {
  if (role_ == Role::Writes) journal_.touch(address);
}

}  // namespace meridian::vip
