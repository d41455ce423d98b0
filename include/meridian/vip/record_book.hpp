#pragma once
// All records in memory, found by address and by host. It keeps them and knows no rules; the rules are the Allocator's.
// One thread.

#include <cstdint>
#include <deque>
#include <string_view>
#include <vector>

#include <meridian/vip/record.hpp>
#include <meridian/vip/slot_index.hpp>

namespace meridian::vip {

class RecordBook {
 public:
  // A record and what the allocator has to know about it beside.
  struct Entry {
    Record record;
    std::int64_t freed_at = 0;  // inactive: when it was freed, in seconds of the allocator's running time
    std::uint64_t batch = 0;    // the last batch of changes that wrote this record
    // The ledger says that the host has the address, and no batch that may yet be written says otherwise.
    bool in_ledger = false;
    bool renamed = false;  // ... or says so of the host that had it before and left it to this one

   private:
    friend class RecordBook;
    std::uint32_t next_of_host = SlotIndex::kNone;
  };

  // Null: none. Pointers stay good until the entry is erased.
  Entry* find(const Address& address);
  const Entry* find(const Address& address) const;
  // All records of a host: as a rule one of each family, and what it had before.
  template <class Visit>
  void for_each_of(std::string_view host, Visit visit) {
    for (auto slot = first_of(host); slot != SlotIndex::kNone; slot = entries_[slot].next_of_host)
      visit(entries_[slot]);
  }

  template <class Visit>
  void for_each_of(std::string_view host, Visit visit) const {
    for (auto slot = first_of(host); slot != SlotIndex::kNone; slot = entries_[slot].next_of_host)
      visit(entries_[slot]);
  }

  // The address must be free in the book.
  Entry& insert(Record record);
  void erase(const Address& address);
  std::size_t size() const { return entries_.size() - vacant_.size(); }

  template <class Visit>
  void for_each(Visit visit) {
    for (auto& entry : entries_) {
      if (!entry.record.host.empty()) visit(entry);
    }
  }
  template <class Visit>
  void for_each(Visit visit) const {
    for (const auto& entry : entries_) {
      if (!entry.record.host.empty()) visit(entry);
    }
  }

 private:
  std::uint32_t slot_of(const Address& address) const;
  std::uint32_t first_of(std::string_view host) const;

  std::deque<Entry> entries_;  // an empty host: vacant
  std::vector<std::uint32_t> vacant_;
  SlotIndex by_address_;
  SlotIndex by_host_;  // the first of each host's chain
};

}  // namespace meridian::vip
