#include "upstream/cache_shard.hpp"

#include <algorithm>

namespace meridian::upstream {
namespace {

constexpr std::chrono::seconds kShortLife{10};  // a reply that lives shorter than this is not worth a prefetch
constexpr std::chrono::seconds kLeastAhead{1};  // a tenth of its life before its end, or this
constexpr unsigned kPrefetchUses = 2;           // before, in this life
constexpr Cache::Clock::duration kStalePause = std::chrono::seconds(1);  // who is told old news hears soon of new

std::uint8_t more(std::uint8_t uses) {
  return uses < CacheEntry::kMostUses ? uses + 1 : uses;
}

bool near_end(const CacheEntry& entry, Cache::Time now) {
  const std::chrono::milliseconds life = std::chrono::seconds(entry.seconds);
  return life >= kShortLife && entry.end() - now <= std::max<std::chrono::milliseconds>(life / 10, kLeastAhead);
}

}  // namespace

Cache::Found CacheShard::find(const Cache::Key& key, const CacheMoment& moment, std::span<std::uint8_t> room) {
  Cache::Found found;
  CacheEntry* const entry = entries_.find(key);
  if (!entry) return found;
  found.state = entry->state(moment);
  if (found.state == Cache::State::Missing) {
    entries_.remove(*entry);
    return found;
  }
  entry->visits = more(entry->visits);
  if (found.state == Cache::State::Failed) {
    found.error = entry->error;
    return found;
  }
  if (found.state == Cache::State::Fresh && moment.prefetch && !entry->refresh_said && entry->uses >= kPrefetchUses &&
      near_end(*entry, moment.now)) {
    found.refresh = entry->refresh_said = true;
  }
  entry->uses = more(entry->uses);
  found.denial = entry->denial;
  found.failed_before = entry->paused_until > entry->stored;
  found.reply = entry->copy_to(room, moment.now);
  return found;
}

void CacheShard::store(const Cache::Key& key, const dns::Keepable& kept, const CacheMoment& moment) {
  latest_ = std::max(latest_, moment.now);
  entries_.put(key, &kept, moment);
}

void CacheShard::failed(const Cache::Key& key, dns::ExtendedError error, Cache::Clock::duration pause,
                        const CacheMoment& moment) {
  latest_ = std::max(latest_, moment.now);
  CacheEntry* entry = entries_.find(key);
  const auto state = entry ? entry->state(moment) : Cache::State::Missing;
  if (state == Cache::State::Fresh) return;
  if (!entry) entry = entries_.put(key, nullptr, moment);
  if (!entry) return;  // too small a cache
  const bool tellable = state == Cache::State::Expired || state == Cache::State::Stale;
  entry->error = error;
  entry->paused_until = moment.now + (tellable ? std::min(pause, kStalePause) : pause);
}

std::size_t CacheShard::flush(std::span<const std::uint8_t> name, bool below) {
  const std::size_t before = entries_.replies();
  entries_.for_each([&](CacheEntry& entry) {
    if ((below || entry.name_size == name.size()) && entry.is_within(name)) entries_.remove(entry);
  });
  return before - entries_.replies();
}

std::size_t CacheShard::flush_all() {
  const std::size_t replies = entries_.replies();
  entries_.clear();
  return replies;
}

void CacheShard::resize(std::size_t limit, std::chrono::seconds serve_stale) {
  CacheEntries next(limit);
  next.take_all(entries_, {latest_, serve_stale});
  entries_ = std::move(next);
}

void CacheShard::add_to(Cache::Usage& usage) const {
  usage.replies += entries_.replies();
  usage.octets += entries_.octets();
  usage.evictions += entries_.evictions();
}

}  // namespace meridian::upstream
