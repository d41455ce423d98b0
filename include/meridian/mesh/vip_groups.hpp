#pragma once
// Which hosts share a VIP where VIPs are written back (behaviour: virtual IPs; writing VIPs back). Istio makes the
// cross product of an entry's hosts and addresses, so all hosts of an entry that is written must have one VIP, and a
// host has the same in all of them: the unit is a group of hosts joined by entries. Pure functions of the entries, the
// ledger and our memory; the order in which entries came is nowhere to be seen.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <meridian/mesh/linked_hosts.hpp>

namespace meridian::mesh {

// vip::Allocator::rename(from, to).
struct Rename {
  std::string from, to;
  bool operator==(const Rename&) const = default;
};

// Hosts that have one VIP. Its key alone is assigned it, with the group's pin; the other hosts are released.
struct VipGroup {
  std::string key;                 // under whose name the ledger has, or shall have, the VIP
  std::vector<std::string> hosts;  // sorted; without the key only where the key may be gone and that is not settled yet
  std::vector<EntryKey> entries;   // that are to hold the VIP, oldest first
  std::optional<Address> pin;      // the oldest entry's, of all pins of its hosts
  // The key was the host `from`, which needs no VIP any more: to be done before that is released. Who only follows the
  // ledger goes on answering the VIP of `from` until the ledger has it under the new name.
  std::optional<Rename> rename;
  bool operator==(const VipGroup&) const = default;
};

struct VipGroups {
  std::vector<VipGroup> groups;  // by their first host; every host that was looked at and needs a VIP is in one
  std::vector<Refusal> refused;  // oldest first: entries that name one of the hosts
  const VipGroup* of(std::string_view host) const;
  bool operator==(const VipGroups&) const = default;
};

// The groups of `host` and of every host that is connected with it by entries that may be written, refused ones too, or
// by the VIP of a key that is gone. An entry may be written if nothing in itself forbids it, its source is written to,
// and all its hosts need a VIP of ours.
//
// - Who shares a VIP goes on sharing it, whatever comes, as long as entries connect it with the key. Entries then join
//   groups, the oldest first, and one that would join two groups that both have a VIP is refused: a VIP that exists
//   never moves for that. Whoever of its hosts shared a VIP before still does.
// - The key is the host that has the VIP; where none has, the smallest name.
// - A key that needs no VIP any more (its entries dropped it) leaves the VIP to those who shared it: to the smallest
//   name of their group, by `rename`. If they fall apart into several groups, that of the oldest entry has it. Who
//   joins only now inherits nothing by itself: a VIP that nobody here ever had is in quarantine.
// - A key that leaves its group and still needs a VIP keeps it; the group gets a new one.
VipGroups group(std::string_view host, const Model& model, const VipFacts& facts);

}  // namespace meridian::mesh
