#pragma once
// What the ledger remembers of a VIP, and a write to it. Values.

#include <chrono>
#include <cstdint>
#include <string>

#include <meridian/vip/network.hpp>

namespace meridian::vip {

// One line of the ledger; the address is its key. A host has at most one active record of a family.
struct Record {
  Address address;
  std::string host;                   // lower case, without the final dot
  bool active = true;                 // false: the host went; quarantine and tombstone run
  std::chrono::seconds freed_for{0};  // how long it has been free, running time only (stopped time is not credited)
  bool operator==(const Record&) const = default;
};

// A write for the ledger: put `record` at its address, or erase the address.
struct Change {
  Record record;
  bool erase = false;
  std::uint64_t batch = 0;  // which take_changes() it came from; the allocator's own, a ledger need not keep it
};

}  // namespace meridian::vip
