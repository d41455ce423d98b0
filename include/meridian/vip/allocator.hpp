#pragma once
// Gives every host that needs one a unique, stable VIP (behaviour: VIPs). Pure: it proposes records and is told when
// they are in the ledger; until then nobody may be given the address, neither this host's askers nor another host.
// One thread (control). Time comes in as an argument.
//
// A ledger that several processes share has one that writes; the others follow: they hold what the ledger says, word
// for word, and propose nothing (see Role).

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <meridian/vip/free_places.hpp>
#include <meridian/vip/journal.hpp>
#include <meridian/vip/pool.hpp>
#include <meridian/vip/record.hpp>
#include <meridian/vip/record_book.hpp>

namespace meridian::vip {

struct Times {
  std::chrono::seconds quarantine{3600};  // a freed VIP goes to no other host within it
  std::chrono::seconds tombstone{86400};  // a host that comes back within it gets its VIP again
};

// Whether this process writes the ledger. It changes by load() only, because a new writer has to read what the last one
// wrote before it gives anything.
enum class Role : std::uint8_t {
  Writes,
  Follows,  // nothing is ever proposed, freed, erased or journalled here; only adopt() changes what hosts have
};

struct Assignment {
  enum class State : std::uint8_t {
    Held,       // in the ledger: may be answered
    Pending,    // proposed; not in the ledger yet. Role::Follows: waits for the writer, and has no address yet
    Exhausted,  // the pools have nothing; asked again by itself when something frees (see Allocator::starved)
    NoPool,     // no pool of this family
  };
  State state = State::NoPool;
  Address address;   // with Held, and with Pending where we write
  std::string note;  // non-empty: something an operator should know ("pin 245.1.2.3 is a literal of bar/httpbin")
};

// The keyed hash that picks where probing starts: SipHash-2-4 under one fixed, published key (Aumasson and Bernstein,
// "SipHash: a fast short-input PRF", 2012), so that machines with the same files agree without talking.
std::uint64_t place_hash(std::string_view host);

class Allocator {
 public:
  Allocator(Pool pool, Times times);

  // What the ledger holds: before the first assign(), and again whenever another process may have written, or the right
  // to write came or went. All but pool, times and literals is forgotten: records, starved hosts, and what
  // take_changes() did not hand out yet; batches that it did hand out must not be committed any more, and telling of
  // them has no effect.
  //
  // Role::Writes: records that contradict each other (two active for one host and family) keep the first and free the
  // others; what a literal has is erased. Records outside the pool, even in what is excluded, stay: they were answered.
  // Role::Follows: everything stays as it is.
  void load(std::span<const Record> records, Role role = Role::Writes);
  Role role() const { return role_; }
  // Another process wrote these into the ledger, in this order: they are true here now, and nothing is journalled.
  // Returns the hosts that have or had an active record by them, sorted, each once; what only aged concerns nobody.
  //
  // Takes anything: erasures of what is not there, one address for host after host, no host at all (an erasure), two
  // active records of one host and family (both are kept, as the writer has yet to settle it; held() gives the lowest).
  // What a literal has is not answered; where we write, it is not even recorded.
  std::vector<std::string> adopt(std::span<const Change> changes);
  // A changed configuration: what is allocated stays, new hosts draw from the new pool.
  void reconfigure(Pool pool, Times times);

  // What `host` has of this family, or a new proposal. Idempotent. Literals are never given; a host whose VIP became
  // somebody's literal gets another here. A host that comes back gets the VIP it had last, unless it was excluded
  // since.
  //
  // `pin`: the address that the operator wants for it, where it is of this family. It may lie outside the pools; the
  // VIP that the host had is freed for it. Instead the host keeps or gets an ordinary VIP, and a note, if the pin is
  // excluded, a literal of some entry, held by another host (whoever has a VIP keeps it: of two equal pins the one
  // asked first), or freed by another host within its quarantine. A pin that is taken away moves nothing.
  //
  // Role::Follows: what held() says, or Pending; pins are the writer's business.
  Assignment assign(std::string_view host, Family family, const std::optional<Address>& pin = std::nullopt);
  // What the ledger says that the host has and may be answered; nothing is allocated. The lowest, of several.
  std::optional<Address> held(std::string_view host, Family family) const;
  // Whether the host has an active record of either family, or is about to have one.
  bool has_vip(std::string_view host) const;
  // The host needs no VIP any more: quarantine and tombstone begin. It is not starved any more either.
  void release(std::string_view host);
  // From now on the active VIPs of `from` are those of `to`, family by family, where `to` has none. Held ones stay
  // Held: the address is durable, only the name in its line changes, by a later batch. If that is never written, a
  // restart finds them at `from` again.
  void rename(std::string_view from, std::string_view to);
  // Hosts with an active record, sorted, for finding those that nobody wants any more after the first complete sync.
  std::vector<std::string> active_hosts() const;

  // A literal address appeared in, or went from, some entry (counted: two entries may name one address). Returns the
  // host that loses its VIP by it, if any: assign() it again. An address that had been ours goes into quarantine when
  // its last literal goes; any other is free at once. Role::Follows: the record is only hidden while the literal lasts.
  std::optional<std::string> add_literal(const Address& address);
  void remove_literal(const Address& address);

  // `elapsed` of running time has passed: freed records age; those past their tombstone are erased. Returns true if
  // since the last call space may have come free for starved hosts, by whatever means. Call it every few seconds.
  bool age(std::chrono::seconds elapsed);
  // Hosts that assign() last found no address for; assign() them again when space frees.
  const std::set<std::string>& starved() const { return starved_; }

  // The writes since the last call, for one ledger commit, one an address: what frees addresses first. Batches must
  // reach the ledger in the order in which they were taken, each as a whole: where VIPs were renamed, a host may have
  // two between its first line and its last.
  std::vector<Change> take_changes() { return journal_.take(book_); }
  // The ledger has them: returns the hosts whose Pending became Held.
  std::vector<std::string> committed(std::span<const Change> changes) { return journal_.committed(book_, changes); }
  // The ledger has them not: either commit the same again before any later batch, or call this, and the next
  // take_changes() has all that is still true of them.
  void lost(std::span<const Change> changes);
  // All freed records with their age, to be written now and then so that a restart credits the time they have run.
  // Commit them before the next batch is taken, or never: later they would undo it. committed() need not be told.
  std::vector<Change> freed_records() const;

  struct Usage {
    std::uint64_t used = 0;
    std::uint64_t quarantined = 0;
    std::uint64_t free = 0;  // saturates at 2^63; what only waits for its tombstone to end counts as free
  };
  // Of a network of the pool: costs the freed records and the literals; of another one: all records.
  Usage usage(const Network& network) const;
  // The record of an address, for PTR and for explain; null if none. Good until the next call that changes anything.
  const Record* find(const Address& address) const;
  const Pool& pool() const { return pool_; }

 private:
  using Entry = RecordBook::Entry;
  struct Own {
    Entry* active = nullptr;
    Entry* freed = nullptr;  // the last one freed
  };
  struct Literal {
    unsigned entries = 0;
    std::string lost_by;  // the host that had it, if it had been ours; stays known over load()
  };
  using Freed = std::set<std::pair<std::int64_t, Address>>;  // by the running time at which they were freed

  Own own(std::string_view host, Family family);
  Assignment follow(std::string_view host, Family family, bool pinned) const;
  std::string why_not(const Address& pin, std::string_view host) const;
  Entry* allocate(std::string_view host, Family family, Entry* freed);
  Entry& occupy(const Address& address, std::string_view host);
  void free(Entry& entry);
  void erase(const Address& address);
  Entry* learn(const Record& record);
  void forget(const Address& address);
  void touch(const Address& address);
  void shelve(Entry& entry);
  void unshelve(const Entry& entry);
  void count_used(const Address& address, bool more);
  void rebuild();
  void set_starved(std::string_view host, Family family, bool starved);

  FreePlaces& places_of(Family family) { return free_places_[static_cast<std::size_t>(family)]; }
  Freed& shelf_of(const Address& address);

  Pool pool_;
  Times times_;
  Role role_ = Role::Writes;
  RecordBook book_;
  Journal journal_;
  std::array<FreePlaces, 2> free_places_;  // by family: neither recorded nor literal nor excluded
  std::array<Freed, 2> reusable_;          // by family: freed records that the pool may give again
  Freed retired_;                          // freed records outside the pool: of their own hosts only
  std::unordered_map<Address, Literal> literals_;
  std::vector<std::uint64_t> used_;  // active records, by network of the pool
  std::int64_t now_ = 0;             // running time in seconds, since construction
  bool space_freed_ = false;
  std::array<std::set<std::string>, 2> starved_by_family_;
  std::set<std::string> starved_;  // of either family
};

}  // namespace meridian::vip
