#pragma once
// The next version of one zone, while it is being changed.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include <meridian/zone/hashed_name.hpp>
#include <meridian/zone/records.hpp>
#include <meridian/zone/zone.hpp>

namespace meridian::zone {

// Keeps what makes a zone a zone while names come and go: every ancestor of a name exists as an empty non-terminal (RFC
// 8020) for exactly as long as something is below it, the apex has SOA and NS, and the NS target its glue. Shares with
// its base what it does not change. Part of Transaction; control thread only.
class Draft {
 public:
  // A zone with nothing but its own names, not ready.
  Draft(Spec spec, const NameHash& hash, std::uint32_t serial);
  explicit Draft(const Zone& base);

  // Each takes a name that lies in the zone.
  void replace(const HashedName& name, const Records& records);
  bool remove(const HashedName& name);  // false if nothing was put there
  void set_serial(std::uint32_t serial);
  void set_ready(bool ready) { zone_->ready_ = ready; }

  bool changed() const { return changed_; }  // names came, went or hold something else
  // Publishes the draft; call once, as the last thing.
  std::shared_ptr<const Zone> finish() { return std::move(zone_); }

 private:
  bool is_apex(const HashedName& name) const;
  NodePtr own_node(const HashedName& name) const;
  void put(const HashedName& name, NodePtr node);
  void link(const HashedName& name);
  void unlink(const HashedName& name);
  void count(const Node& node, std::ptrdiff_t times);

  std::shared_ptr<Zone> zone_;
  bool changed_ = false;
};

}  // namespace meridian::zone
