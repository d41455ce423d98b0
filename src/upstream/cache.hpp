#pragma once
// Replies of upstreams, kept for all who ask the same. Shared by all workers: every call from any thread. Sharded, one
// mutex a shard, held for a copy of one reply; by flush() and configure() for as long as it takes to go through what is
// in that shard. Nothing is called from inside it.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include <meridian/config/config.hpp>
#include <meridian/dns/keepable.hpp>
#include <meridian/dns/message.hpp>
#include <meridian/dns/reply.hpp>

namespace meridian::upstream {

class Cache {
 public:
  using Clock = std::chrono::steady_clock;  // a jump of the wall clock expires nothing
  using Time = Clock::time_point;

  // What a reply is kept under: name (lower case), type, class, DO, CD. Borrows the name.
  struct Key {
    std::span<const std::uint8_t> name;  // wire form, lower case
    dns::Type type{};
    dns::Class klass{};
    bool dnssec_ok = false;
    bool checking_disabled = false;
    std::uint64_t hash = 0;  // of all of these, keyed: who chooses names can't choose where they fall
  };
  Key key_of(const dns::Query& query) const;  // good for this cache, and as long as the query

  enum class State : std::uint8_t {
    Missing,  // not there, or of no use any more
    Fresh,    // `reply` answers
    Failed,   // nobody could answer a moment ago: SERVFAIL with `error`, without asking again yet (RFC 9520)
    Expired,  // past its end; `reply` answers if nobody can be asked (RFC 8767): see failed()
    Stale,    // the same, and nobody could be asked a moment ago: `reply` answers now
  };
  struct Found {
    State state = State::Missing;
    bool denial = false;
    bool refresh = false;  // popular and near its end: ask again now. Said to one asker for each life of a reply
    dns::ExtendedError error = dns::ExtendedError::Other;  // of Failed
    bool failed_before = false;                            // of Expired: when it was asked again, nobody could answer
    // The reply in `room`: id 0, the question in lower case, TTLs counted down (kStaleTtl for Expired and Stale), no
    // OPT.
    dns::Reply reply{};
  };

  // Throws std::bad_alloc if there is no address space for it; pages are taken as they fill.
  explicit Cache(const config::Forward::Cache& settings);
  // The same with a hash that can be foretold, so that a simulation can be repeated.
  Cache(const config::Forward::Cache& settings, std::uint64_t seed);
  ~Cache();
  Cache(const Cache&) = delete;
  Cache& operator=(const Cache&) = delete;

  // Copies what is there to `room` (dns::kMaxMessage octets). Counts as a use.
  Found find(const Key& key, Time now, std::span<std::uint8_t> room);
  // In place of what was there before. `kept` answers the question that `key` was made of.
  void store(const Key& key, const dns::Keepable& kept, Time now);
  // Nobody could answer: until `now + pause` find() says Failed, or, for a second at most, Stale where there is
  // something to tell. A reply that is still fresh stays what it is.
  void failed(const Key& key, dns::ExtendedError error, Clock::duration pause, Time now);

  // The name with all its types, and with `below` all names under it. Returns how many replies went.
  std::size_t flush(const dns::FoldedName& name, bool below);
  std::size_t flush_all();
  // A reload. What is over a smaller size goes at once, the oldest first; with a larger one all is kept. Below 16 MiB
  // there are fewer shards, and where their number changes nothing is kept. Throws as the constructor does, and then
  // part of the cache may have its new size already.
  void configure(const config::Forward::Cache& settings);

  struct Usage {
    std::size_t replies = 0;
    std::size_t octets = 0;  // all that the replies take, index included
    std::size_t limit = 0;
    std::uint64_t evictions = 0;  // replies that went before their time, for room
  };
  Usage usage() const;

  static constexpr std::uint32_t kStaleTtl = 30;  // seconds (RFC 8767, 4)

 private:
  struct Shared;  // the shards
  std::unique_ptr<Shared> shared_;
};

}  // namespace meridian::upstream
