#include "upstream/cache_entry.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <new>

namespace meridian::upstream {

static_assert(sizeof(CacheEntry) == 48 && alignof(CacheEntry) == RingRecord::kUnit);
static_assert(std::is_trivially_copyable_v<CacheEntry>, "entries are moved with memmove");

std::uint32_t CacheEntry::size_of(const Cache::Key& key, const dns::Keepable* kept) {
  if (!kept) return rounded(sizeof(CacheEntry) + key.name.size());
  return rounded(sizeof(CacheEntry) + kept->records * sizeof(std::uint16_t) + kept->reply.octets.size());
}

CacheEntry& CacheEntry::write(std::byte* place, const Cache::Key& key, std::uint32_t hash, const dns::Keepable* kept,
                              Cache::Time now) {
  CacheEntry& entry = *new (place) CacheEntry;
  entry.size = size_of(key, kept);
  entry.hash = hash;
  entry.stored = now;
  entry.type = key.type;
  entry.klass = key.klass;
  entry.dnssec_ok = key.dnssec_ok;
  entry.checking_disabled = key.checking_disabled;
  entry.name_size = static_cast<std::uint8_t>(key.name.size());
  if (kept) {
    const dns::Reply& reply = kept->reply;
    assert(reply.question_end == dns::kHeaderSize + key.name.size() + 4 && "a reply to another question");
    assert(reply.octets.size() >= reply.question_end && reply.octets.size() <= dns::kMaxMessage);
    entry.seconds = kept->seconds;
    entry.denial = kept->denial;
    entry.records = kept->records;
    entry.octets = static_cast<std::uint16_t>(reply.octets.size());
    entry.rcode = reply.rcode;
    entry.authentic_data = reply.authentic_data;
    std::transform(reply.counts, reply.counts + 3, entry.counts, [](auto n) { return static_cast<std::uint8_t>(n); });
    std::memcpy(entry.bytes() + sizeof entry, kept->ttls.data(), kept->records * sizeof(std::uint16_t));
    std::uint8_t* const octets = entry.bytes() + entry.reply_at();
    std::memcpy(octets, reply.octets.data(), reply.octets.size());
    octets[0] = octets[1] = 0;  // the id is nobody else's business
  }
  std::memcpy(entry.bytes() + entry.name_at(), key.name.data(), key.name.size());
  return entry;
}

bool CacheEntry::is(const Cache::Key& key) const {
  return type == key.type && klass == key.klass && dnssec_ok == key.dnssec_ok &&
         checking_disabled == key.checking_disabled && name_size == key.name.size() &&
         std::memcmp(bytes() + name_at(), key.name.data(), name_size) == 0;
}

bool CacheEntry::is_within(std::span<const std::uint8_t> apex) const {
  const auto whole = name();
  if (whole.size() < apex.size()) return false;
  const std::size_t front = whole.size() - apex.size();
  std::size_t at = 0;
  while (at < front) at += whole[at] + std::size_t{1};  // by labels: "xbar.global." is not within "bar.global."
  return at == front && std::equal(apex.begin(), apex.end(), whole.begin() + at);
}

Cache::State CacheEntry::state(const CacheMoment& moment) const {
  const bool paused = moment.now < paused_until;
  if (has_reply()) {
    if (moment.now < end()) return Cache::State::Fresh;
    if (moment.now < end() + moment.serve_stale) return paused ? Cache::State::Stale : Cache::State::Expired;
  }
  return paused ? Cache::State::Failed : Cache::State::Missing;
}

dns::Reply CacheEntry::copy_to(std::span<std::uint8_t> room, Cache::Time now) const {
  assert(room.size() >= octets);
  std::memcpy(room.data(), bytes() + reply_at(), octets);
  const bool fresh = now < end();
  // Askers read the clock at slightly different times: the reply may seem to come from the future.
  const auto age = std::chrono::duration_cast<std::chrono::seconds>(std::max(now - stored, Cache::Clock::duration(0)));
  for (std::size_t i = 0; i < records; ++i) {
    std::uint16_t offset;
    std::memcpy(&offset, bytes() + sizeof *this + i * sizeof offset, sizeof offset);
    assert(std::size_t{offset} + 4 <= octets);
    std::uint8_t* const at = room.data() + offset;
    std::uint32_t ttl = Cache::kStaleTtl;
    if (fresh) {
      ttl = std::uint32_t{at[0]} << 24 | std::uint32_t{at[1]} << 16 | std::uint32_t{at[2]} << 8 | at[3];
      ttl -= std::min(ttl, static_cast<std::uint32_t>(age.count()));
      ttl = std::max(ttl, std::uint32_t{1});  // 0 would say: not to be kept
    }
    for (unsigned octet = 0; octet < 4; ++octet) at[octet] = static_cast<std::uint8_t>(ttl >> (24 - 8 * octet));
  }
  dns::Reply reply;
  reply.rcode = rcode;
  reply.authentic_data = authentic_data;
  reply.question_end = dns::kHeaderSize + name_size + 4u;
  std::copy(counts, counts + 3, reply.counts);
  reply.octets = room.first(octets);
  return reply;
}

}  // namespace meridian::upstream
