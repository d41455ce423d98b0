#include <cassert>
#include <functional>
#include <meridian/vip/record_book.hpp>
#include <utility>

namespace meridian::vip {
namespace {

// Addresses differ in a few bits and at places that follow each other; the finalizer of MurmurHash3 spreads them.
std::uint32_t hash_of(const Address& address) {
  auto h = low_bits(address);
  if (address.is_v6()) {
    const auto octets = address.to_v6().to_bytes();
    for (std::size_t i = 0; i < 8; ++i) h = h * 31 + octets[i];
  }
  h = (h ^ h >> 33) * 0xff51afd7ed558ccd;
  h = (h ^ h >> 33) * 0xc4ceb9fe1a85ec53;
  return static_cast<std::uint32_t>(h >> 32);
}

std::uint32_t hash_of(std::string_view host) {
  return static_cast<std::uint32_t>(std::hash<std::string_view>{}(host));
}

}  // namespace

std::uint32_t RecordBook::slot_of(const Address& address) const {
  return by_address_.find(hash_of(address), [&](auto slot) { return entries_[slot].record.address == address; });
}

std::uint32_t RecordBook::first_of(std::string_view host) const {
  return by_host_.find(hash_of(host), [&](auto slot) { return entries_[slot].record.host == host; });
}

RecordBook::Entry* RecordBook::find(const Address& address) {
  const auto slot = slot_of(address);
  return slot == SlotIndex::kNone ? nullptr : &entries_[slot];
}

const RecordBook::Entry* RecordBook::find(const Address& address) const {
  const auto slot = slot_of(address);
  return slot == SlotIndex::kNone ? nullptr : &entries_[slot];
}

RecordBook::Entry& RecordBook::insert(Record record) {
  assert(!record.host.empty() && slot_of(record.address) == SlotIndex::kNone && "one record an address");
  std::uint32_t slot;
  if (vacant_.empty()) {
    slot = static_cast<std::uint32_t>(entries_.size());
    entries_.emplace_back();
  } else {
    slot = vacant_.back();
    vacant_.pop_back();
  }
  const auto first = first_of(record.host);
  auto& entry = entries_[slot];
  entry.record = std::move(record);
  by_address_.insert(hash_of(entry.record.address), slot);
  if (first == SlotIndex::kNone) {
    by_host_.insert(hash_of(entry.record.host), slot);
  } else {  // second in the chain, so that the index need not change
    entry.next_of_host = std::exchange(entries_[first].next_of_host, slot);
  }
  return entry;
}

void RecordBook::erase(const Address& address) {
  const auto slot = slot_of(address);
  assert(slot != SlotIndex::kNone && "only what is there can be erased");
  auto& entry = entries_[slot];
  const auto first = first_of(entry.record.host);
  const auto host_hash = hash_of(entry.record.host);
  if (first != slot) {
    auto before = first;
    while (entries_[before].next_of_host != slot) before = entries_[before].next_of_host;
    entries_[before].next_of_host = entry.next_of_host;
  } else if (entry.next_of_host != SlotIndex::kNone) {
    by_host_.replace(host_hash, slot, entry.next_of_host);
  } else {
    by_host_.erase(host_hash, slot);
  }
  by_address_.erase(hash_of(address), slot);
  entry = Entry{};
  vacant_.push_back(slot);
}

}  // namespace meridian::vip
