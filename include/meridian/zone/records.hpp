#pragma once
// What is put at a name.

#include <vector>

#include <meridian/dns/rrset.hpp>

namespace meridian::zone {

// What one owner name holds.
struct Records {
  std::vector<dns::RRset> rrsets;  // at most one a type; none: the name exists and everything is NODATA
  dns::RRset meta;                 // TXT for `_meta.<owner>`; empty: none
  bool host = false;               // a host of an entry (counted), not a name that we made for it (SRV, PTR)
  bool pending = false;            // a VIP is not in the ledger yet: what it lacks is SERVFAIL, never a negative
};

}  // namespace meridian::zone
