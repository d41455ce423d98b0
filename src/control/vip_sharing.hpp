#pragma once
// Under whose name a host's VIP stands in the ledger. As a rule its own; where VIPs are written back, hosts that
// entries join share one (mesh/vip_groups.hpp), and its name passes on when its key goes. Control thread only.

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <meridian/mesh/vip_groups.hpp>

#include "control/vip_keeper.hpp"

namespace meridian::control {

class VipSharing {
 public:
  // `is_written`: whether VIPs are written back into the entries of a source, by rank, if not by us then by others who
  // have the same ledger. All borrowed.
  VipSharing(const mesh::Model& model, VipKeeper& vips, std::function<bool(unsigned source)> is_written);

  // Hosts are to be looked at: adds all whose VIP may be another by that, finds their groups, and passes on the VIPs of
  // keys that are gone. `settled`: as in mesh::VipFacts.
  void look(std::set<std::string>& hosts, bool settled);

  // Under whose name a host that was looked at last, and needs a VIP, is assigned it, and with which pin.
  struct Place {
    std::string key;
    std::optional<mesh::Address> pin;
  };
  Place of(const mesh::Host& host) const;
  // Whose VIP the host is answered with, if not its own: for people.
  std::optional<std::string> whose(const std::string& host) const;
  // Whether a group has its VIP under this name.
  bool is_key(const std::string& name) const { return keys_.contains(name); }

  // Found by the last look().
  const std::vector<mesh::VipGroup>& groups() const { return groups_; }
  const std::vector<mesh::Refusal>& refused() const { return refused_; }

 private:
  void remember(const mesh::VipGroup& group);

  const mesh::Model& model_;
  VipKeeper& vips_;
  std::function<bool(unsigned)> is_written_;
  mesh::SharedVips shared_;
  std::vector<mesh::VipGroup> groups_;
  std::vector<mesh::Refusal> refused_;
  std::map<std::string, std::size_t> group_of_;  // of hosts, into groups_
  std::set<std::string> keys_;                   // of groups_
};

}  // namespace meridian::control
