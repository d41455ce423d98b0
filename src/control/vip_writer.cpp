#include "control/vip_writer.hpp"

#include <spdlog/spdlog.h>

#include <meridian/mesh/field_ownership.hpp>
#include <optional>
#include <utility>

namespace meridian::control {
namespace {

constexpr unsigned kMostTold = 20;  // refused writes a minute, one by one

kube::ObjectRef ref_of(const mesh::ServiceEntry& entry) {
  return {entry.key.space, entry.key.name, entry.uid};
}

static_assert(mesh::kFieldManager == kube::kFieldManager, "lists are known as ours by the name under which we write");

// What the entry's list of ours holds; empty text: something that is no VIP. Nothing: there is no list of ours.
std::optional<std::string> list_of(const mesh::ServiceEntry& entry) {
  if (!entry.has_written_list) return std::nullopt;
  return entry.written_vip ? entry.written_vip->to_string() : std::string();
}

}  // namespace

VipWriter::VipWriter(boost::asio::io_context& loop, kube::Api& api, const std::string& instance,
                     const mesh::Model& model, const VipKeeper& vips, std::function<bool(unsigned)> is_written)
    : model_(model),
      vips_(vips),
      is_written_(std::move(is_written)),
      events_(loop, api, instance),
      write_back_(loop, api,
                  [this](const kube::ObjectRef& entry, const std::string& why) { tell_refused(entry, why); }) {
  write_back_.only_while([this] { return vips_.allocates(); });
}

// A webhook that denies everything denies thousands: some lines a minute say it, and the metrics count the rest.
void VipWriter::tell_refused(const kube::ObjectRef& entry, const std::string& why) {
  events_.warn(entry, "VipWriteBackRefused", why);
  const auto now = std::chrono::steady_clock::now();
  if (now - minute_ >= std::chrono::minutes(1)) {
    if (untold_ > 0) spdlog::warn("{} more VIPs could not be written back: see meridian_write_back_total", untold_);
    minute_ = now;
    told_ = untold_ = 0;
  }
  if (told_ == kMostTold) {
    ++untold_;
    return;
  }
  ++told_;
  spdlog::warn("{}/{}: its VIP can't be written back: {}{}", entry.space, entry.name, why,
               told_ == kMostTold ? " (more of these are counted, and not told one by one)" : "");
}

// The entry in force, if it is one of this cluster's. A file's has no uid that an API server would know.
const mesh::ServiceEntry* VipWriter::written(const mesh::EntryKey& key) const {
  const auto source = model_.source_of(key);
  const auto* entry = source && is_written_(*source) ? model_.entry(key) : nullptr;
  return entry && !entry->uid.empty() ? entry : nullptr;
}

void VipWriter::update(const std::vector<mesh::VipGroup>& groups, const std::vector<mesh::Refusal>& refused) {
  for (const auto& group : groups) {
    const auto vip = vips_.allocator().held(group.key, vip::Family::V4);
    // Pending: told again when the ledger has it. Starved: what was written before belongs to somebody else by now.
    if (!vip && !vips_.allocator().starved().contains(group.key)) continue;
    const auto address = vip ? std::optional(vip->to_string()) : std::nullopt;
    for (const auto& key : group.entries) {
      conflicts_.erase(key);
      if (const auto* entry = written(key)) write_back_.want(ref_of(*entry), address, list_of(*entry));
    }
  }
  for (const auto& refusal : refused) refuse(refusal);
}

void VipWriter::refuse(const mesh::Refusal& refusal) {
  const auto* entry = written(refusal.entry);
  if (!entry || !refusal.conflict) conflicts_.erase(refusal.entry);
  if (!entry) return;
  if (refusal.conflict) {
    warn(refusal.entry, "VipNotWritten", "this entry " + refusal.why);
    auto& known = conflicts_[refusal.entry];
    if (known != refusal.why) spdlog::warn("{}: not written back: it {}", refusal.entry.to_text(), refusal.why);
    known = refusal.why;
  }
  if (refusal.keeps_list) {
    write_back_.forget(entry->key.space, entry->key.name);
  } else {
    write_back_.want(ref_of(*entry), std::nullopt, list_of(*entry));
  }
}

void VipWriter::check(const mesh::EntryKey& key) {
  const auto* entry = written(key);
  if (!entry || !mesh::passed_over(*entry, model_.rules())) return;
  write_back_.want(ref_of(*entry), std::nullopt, list_of(*entry));
}

void VipWriter::forget(unsigned source, const mesh::EntryKey& entry) {
  if (!is_written_(source)) return;
  conflicts_.erase(entry);
  write_back_.forget(entry.space, entry.name);
}

void VipWriter::tell_conflict(const mesh::Host& host) {
  for (const auto& loser : host.losers) {
    warn(loser, "HostConflict",
         host.name + " is answered from the older entry " + host.entries.front().to_text() + ", not from this one");
  }
}

void VipWriter::tell_exhausted(const mesh::Host& host) {
  for (const auto& entry : host.entries) {
    warn(entry, "VipsExhausted", host.name + " has no VIP: the pools are exhausted; add a pool to vip.pools");
  }
}

void VipWriter::warn(const mesh::EntryKey& key, const std::string& reason, const std::string& text) {
  if (const auto* entry = written(key)) events_.warn(ref_of(*entry), reason, text);
}

void VipWriter::follow(const std::string& version) {
  if (!version.empty()) {
    write_back_.serve_version(version);
    events_.serve_version(version);
  }
  write_back_.enable(vips_.allocates());
  events_.enable(vips_.allocates());
}

void VipWriter::stop() {
  write_back_.stop();
  events_.stop();
}

}  // namespace meridian::control
