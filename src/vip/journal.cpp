#include <algorithm>
#include <meridian/vip/journal.hpp>
#include <utility>

namespace meridian::vip {

std::vector<Change> Journal::take(RecordBook& book) {
  auto addresses = std::exchange(touched_, {});
  std::sort(addresses.begin(), addresses.end());
  addresses.erase(std::unique(addresses.begin(), addresses.end()), addresses.end());

  std::vector<Change> changes;
  ++batch_;
  for (const auto& address : addresses) {
    auto* entry = book.find(address);
    if (!entry) {
      Change change{Record{}, true, batch_};
      change.record.address = address;
      changes.push_back(std::move(change));
    } else if (!entry->record.active || !entry->in_ledger || entry->renamed) {  // else freed and taken back: no news
      entry->batch = batch_;
      entry->in_ledger = entry->in_ledger && entry->record.active;
      changes.push_back({entry->record, false, batch_});
    }
  }
  // A store that checks "one active record a host" line by line must see a host's old VIP go before the new one comes.
  std::stable_partition(changes.begin(), changes.end(), [](const Change& c) { return c.erase || !c.record.active; });
  return changes;
}

std::vector<std::string> Journal::committed(RecordBook& book, std::span<const Change> changes) {
  std::vector<std::string> hosts;
  for (const auto& change : changes) {
    if (change.erase || !change.record.active) continue;
    auto* entry = book.find(change.record.address);
    // Another batch: this address was freed, and perhaps given again, behind the write that is now done. Only the last
    // write tells what a restart would find.
    if (!entry || entry->batch != change.batch || !entry->record.active) continue;
    entry->renamed = false;
    if (std::exchange(entry->in_ledger, true)) continue;
    hosts.push_back(entry->record.host);
  }
  return hosts;
}

void Journal::lost(std::span<const Change> changes) {
  for (const auto& change : changes) touch(change.record.address);
}

}  // namespace meridian::vip
