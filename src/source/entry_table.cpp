#include "source/entry_table.hpp"

#include <algorithm>
#include <utility>

#include <spdlog/fmt/fmt.h>

namespace meridian::source {
namespace {

constexpr std::size_t kMaxDuplicates = 100;

}  // namespace

void EntryTable::replace(const std::string& file, const std::vector<EntriesFile::Entry>& entries) {
  auto& keys = keys_of_[file];
  for (const auto& key : keys) {
    const auto row = rows_.find(key);
    std::erase_if(row->second.claims, [&](const Claim& claim) { return claim.file == file; });
    touch(row);
  }
  keys.clear();
  for (const auto& entry : entries) {
    const auto row = rows_.try_emplace(entry.entry->key).first;
    auto& claims = row->second.claims;
    const auto place =
        std::find_if(claims.begin(), claims.end(), [&](const Claim& claim) { return claim.file > file; });
    claims.insert(place, {file, entry});
    keys.push_back(entry.entry->key);
    touch(row);
  }
  if (keys.empty()) keys_of_.erase(file);
}

void EntryTable::touch(Rows::iterator row) {
  touched_.insert(row->first);
  if (row->second.claims.size() > 1)
    contested_.insert(row->first);
  else
    contested_.erase(row->first);
}

EntryTable::Changes EntryTable::take_changes() {
  Changes changes;
  for (const auto& key : std::exchange(touched_, {})) {
    const auto row = rows_.find(key);
    auto& [claims, told] = row->second;
    if (claims.empty()) {
      if (told) changes.removed.push_back(key);
      rows_.erase(row);
      continue;
    }
    const auto& now = claims.front().entry.entry;
    if (told && *told == *now) continue;
    told = now;
    changes.put.push_back(now);
  }
  return changes;
}

std::vector<EntryPtr> EntryTable::take_all() {
  take_changes();
  std::vector<EntryPtr> all;
  all.reserve(rows_.size());
  for (const auto& [key, row] : rows_) all.push_back(row.told);
  return all;
}

std::vector<Problem> EntryTable::duplicates() const {
  std::vector<Problem> problems;
  for (const auto& key : contested_) {
    const auto& claims = rows_.at(key).claims;
    for (std::size_t i = 1; i < claims.size(); ++i) {
      if (problems.size() == kMaxDuplicates) return problems;
      const auto& [entry, line] = claims[i].entry;
      problems.push_back({fmt::format("{}:{}", entry->origin, line),
                          fmt::format("{} is in {} too, which sorts first and is served: remove one", key.to_text(),
                                      claims.front().entry.entry->origin)});
    }
  }
  return problems;
}

}  // namespace meridian::source
