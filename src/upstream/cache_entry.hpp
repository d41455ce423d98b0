#pragma once
// How one reply lies in the cache, in one piece: this header, the offsets of its TTLs, its octets. The name is that of
// the question in the octets, in lower case; where there is no reply it stands alone.
// Not thread-safe: a shard of the cache guards it.

#include <cstdint>
#include <span>

#include <meridian/dns/keepable.hpp>

#include "upstream/cache.hpp"
#include "upstream/cache_ring.hpp"

namespace meridian::upstream {

// What the life of an entry depends on.
struct CacheMoment {
  Cache::Time now{};
  std::chrono::seconds serve_stale{};
  bool prefetch = false;
};

struct CacheEntry : RingRecord {
  static constexpr std::uint8_t kMostUses = 3;  // as far as uses are counted

  std::uint8_t visits = 0;  // since it came into its queue or was passed over there; kMostUses at most
  std::uint8_t uses = 0;    // in this life; kMostUses at most
  std::uint8_t name_size = 0;
  Cache::Time stored{};        // when its life began
  Cache::Time paused_until{};  // nobody could be asked, until then
  std::uint32_t hash = 0;      // in its shard's index
  std::uint32_t seconds = 0;   // its life
  std::uint16_t octets = 0;    // of the reply; 0: there is none, only a failure
  dns::Type type{};
  dns::Class klass{};
  dns::Rcode rcode{};
  dns::ExtendedError error{};  // why nobody could be asked
  std::uint8_t counts[3] = {};
  std::uint8_t records = 0;
  bool dnssec_ok : 1 = false;
  bool checking_disabled : 1 = false;
  bool authentic_data : 1 = false;
  bool denial : 1 = false;
  bool refresh_said : 1 = false;

  // Octets that an entry takes; `kept` may be nullptr.
  static std::uint32_t size_of(const Cache::Key& key, const dns::Keepable* kept);
  // Writes one at `place`, which has size_of() octets: a reply, or where there is none the mark that there is none.
  static CacheEntry& write(std::byte* place, const Cache::Key& key, std::uint32_t hash, const dns::Keepable* kept,
                           Cache::Time now);

  bool has_reply() const { return octets != 0; }
  bool is(const Cache::Key& key) const;
  bool is_within(std::span<const std::uint8_t> apex) const;  // wire form, lower case: that name or below it
  std::span<const std::uint8_t> name() const { return {bytes() + name_at(), name_size}; }
  Cache::Time end() const { return stored + std::chrono::seconds(seconds); }
  Cache::State state(const CacheMoment& moment) const;
  // Copies the reply, its TTLs as they are at `now`, or kStaleTtl if it is past its end.
  dns::Reply copy_to(std::span<std::uint8_t> room, Cache::Time now) const;

 private:
  std::uint8_t* bytes() { return reinterpret_cast<std::uint8_t*>(this); }
  const std::uint8_t* bytes() const { return reinterpret_cast<const std::uint8_t*>(this); }
  std::size_t reply_at() const { return sizeof(CacheEntry) + records * sizeof(std::uint16_t); }
  std::size_t name_at() const { return reply_at() + (has_reply() ? dns::kHeaderSize : 0); }
};

}  // namespace meridian::upstream
