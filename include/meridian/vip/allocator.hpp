#pragma once
// Gives every host that needs one a unique, stable VIP (behaviour: VIPs). Pure: it proposes records and is told when
// they are in the ledger; until then nobody may be given the address, neither this host's askers nor another host.
// One thread (control). Time comes in as an argument.

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <meridian/vip/pool.hpp>

namespace meridian::vip {

// One line of the ledger; the address is its key. A host has at most one active record of a family.
struct Record {
  Address address;
  std::string host;                               // lower case, without the final dot
  bool active = true;                             // false: the host went; quarantine and tombstone run
  std::chrono::seconds freed_for{0};              // how long it has been free, running time only (stopped time is not credited)
  bool operator==(const Record&) const = default;
};

// A write for the ledger: put `record` at its address, or erase the address.
struct Change {
  Record record;
  bool erase = false;
};

struct Times {
  std::chrono::seconds quarantine{3600};    // a freed VIP goes to no other host within it
  std::chrono::seconds tombstone{86400};    // a host that comes back within it gets its VIP again
};

struct Assignment {
  enum class State : std::uint8_t {
    Held,        // in the ledger: may be answered
    Pending,     // proposed; not in the ledger yet
    Exhausted,   // the pools have nothing; asked again by itself when something frees (see Allocator::starved)
    NoPool,      // no pool of this family
  };
  State state = State::NoPool;
  Address address;          // with Held and Pending
  std::string note;         // non-empty: something an operator should know ("pin 245.1.2.3 is a literal of bar/httpbin")
};

// The keyed hash that picks where probing starts: SipHash-2-4 under one fixed, published key (Aumasson and Bernstein,
// "SipHash: a fast short-input PRF", 2012), so that machines with the same files agree without talking.
std::uint64_t place_hash(std::string_view host);

class Allocator {
 public:
  Allocator(Pool pool, Times times);

  // At the start, once: what the ledger holds. Records that contradict each other (two active for one host and family)
  // keep the first and free the others.
  void load(std::span<const Record> records);
  // A changed configuration: what is allocated stays, new hosts draw from the new pool.
  void reconfigure(Pool pool, Times times);

  // What `host` has of this family, or a new proposal. Idempotent. `pin`: the address that the operator wants for it.
  // `literal`s are never given. A host whose VIP became somebody's literal gets another here.
  Assignment assign(std::string_view host, Family family, const std::optional<Address>& pin = std::nullopt);
  // The host needs no VIP any more: quarantine and tombstone begin.
  void release(std::string_view host);
  // Hosts with an active record, for finding those that nobody wants any more after the first complete sync.
  std::vector<std::string> active_hosts() const;

  // A literal address appeared in, or went from, some entry (counted: two entries may name one address). Returns the
  // host that loses its VIP by it, if any: assign() it again.
  std::optional<std::string> add_literal(const Address& address);
  void remove_literal(const Address& address);

  // `elapsed` of running time has passed: freed records age; those past their tombstone are erased. Returns true if
  // space may have come free for starved hosts.
  bool age(std::chrono::seconds elapsed);
  // Hosts that assign() last found no address for; assign() them again when space frees.
  const std::set<std::string>& starved() const { return starved_; }

  // The writes since the last call, in order, for one ledger commit.
  std::vector<Change> take_changes();
  // The ledger has them: returns the hosts whose Pending became Held. Lost commits are simply committed again.
  std::vector<std::string> committed(std::span<const Change> changes);
  // All aged records, to be written now and then so that a restart credits the time they have run.
  std::vector<Change> freed_records() const;

  struct Usage {
    std::uint64_t used = 0;
    std::uint64_t quarantined = 0;
    std::uint64_t free = 0;      // saturates at 2^63
  };
  Usage usage(const Network& network) const;
  // The record of an address, for PTR and for explain; null if none.
  const Record* find(const Address& address) const;
  const Pool& pool() const { return pool_; }

 private:
  Pool pool_;
  Times times_;
  std::set<std::string> starved_;
};

}  // namespace meridian::vip
