#pragma once
// What one owner name holds, in one compact immutable block.

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>
#include <cstdint>
#include <new>
#include <span>

#include <meridian/dns/name.hpp>
#include <meridian/dns/rrset.hpp>
#include <meridian/dns/types.hpp>

namespace meridian::zone {

class Node;
using NodePtr = boost::intrusive_ptr<const Node>;

// Immutable; any thread may read. Reference counts are plain integers: only the control thread copies or drops one.
//
// One allocation a name, because a million of them are kept and each lookup should touch one of them:
//   Node | one Item an RRset (that of `_meta` last) | owner | records of each item, one after another
class Node : public boost::intrusive_ref_counter<Node, boost::thread_unsafe_counter> {
 public:
  // Who put the node there; decides what is said while the zone is not ready, and what is pruned.
  enum class Origin : std::uint8_t {
    Descendants,  // an empty non-terminal: it exists because something below it does (RFC 4592, 2.2.2)
    Spec,         // the zone's own: its apex, and the target of its NS
    Entry,        // Transaction::replace
  };
  struct Contents {
    std::span<const std::uint8_t> owner;  // wire form, lower case
    Origin origin = Origin::Descendants;
    bool host = false;
    bool pending = false;
    std::span<const dns::RRsetView> rrsets = {};  // at most one a type, at most 254; empty ones are left out
    dns::RRsetView meta = {};
  };
  // Copies `contents`. Control thread.
  static NodePtr make(const Contents& contents);

  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;
  static void operator delete(void* block) { ::operator delete(block); }

  // Wire form, lower case.
  std::span<const std::uint8_t> owner() const { return {owner_begin(), owner_size_}; }
  // The RRset of a type; empty() if there is none.
  dns::RRsetView find(dns::Type type) const;
  // Any one RRset, for ANY (RFC 8482): SOA (an apex), else A, else AAAA, else another; empty() if there is none.
  dns::RRsetView any() const { return rrsets_ == 0 ? dns::RRsetView{} : rrset(0); }
  // TXT for `_meta.<owner>`; empty() if there is none.
  dns::RRsetView meta() const { return has_meta_ ? view(rrsets_) : dns::RRsetView{}; }
  // All RRsets in the order of any(), without meta().
  unsigned rrsets() const { return rrsets_; }
  dns::RRsetView rrset(unsigned i) const;  // i < rrsets()

  Origin origin() const { return origin_; }
  bool host() const { return host_; }                               // a host of an entry
  bool pending() const { return pending_; }                         // its VIP is not in the ledger yet
  bool has_data() const { return origin_ != Origin::Descendants; }  // false for a pure empty non-terminal

  // Whether both would answer everything in the same way, octet for octet.
  bool same_as(const Node& other) const;
  // Octets of the block.
  std::size_t size() const;

 private:
  struct Item {
    dns::Type type;
    std::uint16_t count;
    std::uint32_t size : 31;
    std::uint32_t target_is_question : 1;
  };

  explicit Node(const Contents& contents);
  static void* operator new(std::size_t, void* block) { return block; }

  unsigned items() const { return rrsets_ + (has_meta_ ? 1u : 0u); }
  const Item* item_begin() const { return reinterpret_cast<const Item*>(this + 1); }
  const std::uint8_t* owner_begin() const { return reinterpret_cast<const std::uint8_t*>(item_begin() + items()); }
  dns::RRsetView view(unsigned i) const;

  std::uint8_t owner_size_ = 0;
  std::uint8_t rrsets_ = 0;
  Origin origin_ = Origin::Descendants;
  std::uint8_t host_ : 1 = 0;
  std::uint8_t pending_ : 1 = 0;
  std::uint8_t has_meta_ : 1 = 0;
};

}  // namespace meridian::zone
