#pragma once
// What one owner name holds, in one compact immutable block.

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>
#include <cstdint>
#include <span>

#include <meridian/dns/name.hpp>
#include <meridian/dns/rrset.hpp>
#include <meridian/dns/types.hpp>

namespace meridian::zone {

// Immutable; any thread may read. Reference counts are plain integers: only the control thread copies or drops one.
class Node : public boost::intrusive_ref_counter<Node, boost::thread_unsafe_counter> {
 public:
  // Wire form, lower case.
  std::span<const std::uint8_t> owner() const;
  // The RRset of a type; empty() if there is none.
  dns::RRsetView find(dns::Type type) const;
  // Any one RRset, for ANY (RFC 8482): A before AAAA before the rest; empty() if there is none.
  dns::RRsetView any() const;
  // TXT for `_meta.<owner>`; empty() if there is none.
  dns::RRsetView meta() const;
  bool host() const;      // a host of an entry
  bool pending() const;   // its VIP is not in the ledger yet
  bool has_data() const;  // put by Transaction::replace; false for a pure empty non-terminal
};

using NodePtr = boost::intrusive_ptr<const Node>;

}  // namespace meridian::zone
