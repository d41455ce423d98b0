#include "control/vip_sharing.hpp"

#include <algorithm>
#include <utility>

namespace meridian::control {

VipSharing::VipSharing(const mesh::Model& model, VipKeeper& vips, std::function<bool(unsigned)> is_written)
    : model_(model), vips_(vips), is_written_(std::move(is_written)) {}

void VipSharing::look(std::set<std::string>& hosts, bool settled) {
  groups_.clear();
  refused_.clear();
  group_of_.clear();
  keys_.clear();
  mesh::LinkMemo memo;
  const mesh::VipFacts facts{[this](std::string_view host) { return vips_.allocator().has_vip(host); },
                             [this](const mesh::Address& address) -> std::optional<std::string> {
                               const auto* record = vips_.allocator().find(address);
                               return record && record->active ? std::optional(record->host) : std::nullopt;
                             },
                             is_written_,
                             shared_,
                             settled,
                             &memo};
  auto concerned = mesh::neighbours(hosts, model_, shared_);
  std::set<mesh::EntryKey> told;  // each of an entry's hosts may find the same
  for (const auto& host : concerned) {
    if (group_of_.contains(host)) continue;
    auto found = mesh::group(host, model_, facts);
    for (auto& group : found.groups) {
      for (const auto& member : group.hosts) group_of_[member] = groups_.size();
      keys_.insert(group.key);
      groups_.push_back(std::move(group));
    }
    for (auto& refusal : found.refused) {
      if (told.insert(refusal.entry).second) refused_.push_back(std::move(refusal));
    }
  }
  for (const auto& [host, group] : group_of_) concerned.insert(host);
  for (const auto& host : concerned) {
    if (!group_of_.contains(host)) shared_.forget(host);
  }
  for (const auto& group : groups_) remember(group);
  hosts = std::move(concerned);
}

void VipSharing::remember(const mesh::VipGroup& group) {
  if (group.rename) vips_.rename(group.rename->from, group.rename->to);
  shared_.remember(group.hosts, group.key, group.rename ? std::optional(group.rename->from) : std::nullopt);
}

VipSharing::Place VipSharing::of(const mesh::Host& host) const {
  const auto found = group_of_.find(host.name);
  if (found == group_of_.end()) return {host.name, host.pin};
  const auto& group = groups_[found->second];
  // The writer of the ledger has yet to pass the VIP on.
  const bool passing = group.rename && !vips_.allocator().has_vip(group.key);
  return {passing ? group.rename->from : group.key, group.pin};
}

std::optional<std::string> VipSharing::whose(const std::string& host) const {
  const auto keys = shared_.keys_of(host);
  return keys.empty() ? std::nullopt : std::optional(keys.front());
}

}  // namespace meridian::control
