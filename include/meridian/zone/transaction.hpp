#pragma once
// The one way to change what is answered.

#include <cstdint>
#include <functional>
#include <memory>

#include <meridian/dns/name.hpp>
#include <meridian/zone/records.hpp>
#include <meridian/zone/zone.hpp>

namespace meridian::zone {

// Gathers changes to a ZoneSet and commits them as the next one. The cost of a commit is that of the changes, whatever
// the size of the zones: touched paths are copied, the rest is shared. Control thread only.
class Transaction {
 public:
  explicit Transaction(std::shared_ptr<const ZoneSet> base);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  // Puts `records` at `owner` (any case), in the deepest zone that encloses it, or in the AnyHost zone. What the owner
  // held before goes, but for the SOA and NS of an apex, which are the zone's own. False if no zone takes it. Putting
  // what is there already, octet for octet, changes nothing.
  bool replace(const dns::Name& owner, const Records& records);
  // False if nothing was put there. Ancestors that existed only because of it go too; glue of the zone's own NS that an
  // entry had hidden comes back.
  bool remove(const dns::Name& owner);
  // Whether names that are not found may be denied; false at the start.
  void set_ready(bool ready);

  bool changes_anything() const;
  // The next ZoneSet: every zone whose names changed gets a serial from `next_serial` (called once for each of them;
  // being ready is not in the zone's data and needs none). The base itself if nothing changed. Call once.
  std::shared_ptr<const ZoneSet> commit(const std::function<std::uint32_t()>& next_serial);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace meridian::zone
