#pragma once
// The one way to change what is answered.

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include <meridian/dns/name.hpp>
#include <meridian/dns/rrset.hpp>
#include <meridian/zone/zone.hpp>

namespace meridian::zone {

// What one owner name holds.
struct Records {
  std::vector<dns::RRset> rrsets;  // at most one a type; none: the name exists and everything is NODATA
  dns::RRset meta;                 // TXT for `_meta.<owner>`; empty: none
  bool host = false;               // a host of an entry (counted), not a name that we made for it (SRV, PTR)
  bool pending = false;            // its VIP is not in the ledger yet: SERVFAIL, never a negative
};

// Gathers changes to a ZoneSet and commits them as the next one. The cost of a commit is that of the changes, whatever
// the size of the zones: touched paths are copied, the rest is shared. Control thread only.
class Transaction {
 public:
  explicit Transaction(std::shared_ptr<const ZoneSet> base);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  // Puts `records` at `owner` (any case), in the deepest zone that encloses it, or in the AnyHost zone. What the owner
  // held before goes, but for the SOA and NS of an apex. False if no zone takes it.
  bool replace(const dns::Name& owner, Records records);
  // False if there was nothing. Ancestors that existed only because of it go too.
  bool remove(const dns::Name& owner);
  // Whether names that are not found may be denied; false at the start.
  void set_ready(bool ready);

  bool changes_anything() const;
  // The next ZoneSet: every zone that was touched gets a serial from `next_serial` (called once a touched zone).
  // Call once.
  std::shared_ptr<const ZoneSet> commit(const std::function<std::uint32_t()>& next_serial);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace meridian::zone
