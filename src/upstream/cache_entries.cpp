#include "upstream/cache_entries.hpp"

#include <algorithm>
#include <cstring>

namespace meridian::upstream {
namespace {

constexpr std::size_t kOctetsASlot = 128;  // an entry of a short reply takes about 150
constexpr std::size_t kGhostsASlot = 2;    // so many names that left are remembered: double what stays
constexpr std::size_t kSmallPart = 10;     // the small queue has a tenth, as in the paper
constexpr std::size_t kLeastSmall = 1024;  // octets, unless that is more than half
constexpr std::uint8_t kPopular = 1;       // visits in the small queue that lead on to the main queue
constexpr std::uint32_t kDeadPart = 4;     // with a quarter of the main queue dead, its living close up
constexpr unsigned kMostMoves = 256;       // entries that get another round for one that comes: bounds the time

constexpr std::size_t kTablesASlot = sizeof(CacheIndex::Slot) + kGhostsASlot * sizeof(CacheGhosts::Mark);

std::uint32_t short_hash(const Cache::Key& key) {
  return static_cast<std::uint32_t>(key.hash >> 32);  // the lower half chose the shard
}

bool of_use(const CacheEntry& entry, const CacheMoment& moment) {
  return entry.state(moment) != Cache::State::Missing;
}

}  // namespace

CacheEntries::CacheEntries(std::size_t limit) : limit_(limit) {
  if (limit < kLeast) return;
  const std::size_t slots = std::max(limit / kOctetsASlot / CacheGhosts::kRow, std::size_t{1}) * CacheGhosts::kRow;
  const std::size_t tables = slots * kTablesASlot;
  const std::size_t queues = std::min<std::size_t>(limit - tables, UINT32_MAX) / RingRecord::kUnit * RingRecord::kUnit;
  const std::size_t wanted = std::max(queues / kSmallPart, std::min(queues / 2, kLeastSmall));
  const auto small = static_cast<std::uint32_t>(wanted / RingRecord::kUnit * RingRecord::kUnit);

  memory_ = CacheMemory(tables + queues);
  std::byte* at = memory_.start();
  index_ = CacheIndex({reinterpret_cast<CacheIndex::Slot*>(at), slots});
  at += slots * sizeof(CacheIndex::Slot);
  ghosts_ = CacheGhosts({reinterpret_cast<CacheGhosts::Mark*>(at), slots * kGhostsASlot});
  at += slots * kGhostsASlot * sizeof(CacheGhosts::Mark);
  queues_ = at;
  small_ = CacheRing(at, small);
  main_ = CacheRing(at + small, static_cast<std::uint32_t>(queues) - small);
}

std::size_t CacheEntries::octets() const {
  return std::size_t{small_.live()} + main_.live() + index_.size() * kTablesASlot;
}

// Places in the index are in units behind the front of the queues, from 1.
std::uint32_t CacheEntries::place_of(const CacheEntry& entry) const {
  return static_cast<std::uint32_t>((reinterpret_cast<const std::byte*>(&entry) - queues_) / RingRecord::kUnit) + 1;
}

CacheEntry& CacheEntries::entry_at(std::uint32_t place) const {
  return *reinterpret_cast<CacheEntry*>(queues_ + std::size_t{place - 1} * RingRecord::kUnit);
}

CacheRing& CacheEntries::queue_of(const CacheEntry& entry) {
  return reinterpret_cast<const std::byte*>(&entry) < queues_ + small_.capacity() ? small_ : main_;
}

CacheEntry* CacheEntries::find(const Cache::Key& key) {
  const auto place = index_.find(short_hash(key), [&](std::uint32_t at) { return entry_at(at).is(key); });
  return place == 0 ? nullptr : &entry_at(place);
}

CacheEntry* CacheEntries::put(const Cache::Key& key, const dns::Keepable* kept, const CacheMoment& moment) {
  const std::uint32_t size = CacheEntry::size_of(key, kept);
  CacheRing* queue = nullptr;
  std::uint8_t visits = 0;
  if (CacheEntry* const before = find(key)) {
    visits = before->visits;  // a new life of the same name is as popular as the old one
    if (before->size == size) {
      replies_ -= before->has_reply();
      CacheEntry::write(reinterpret_cast<std::byte*>(before), key, short_hash(key), kept, moment.now);
      replies_ += before->has_reply();
      before->visits = visits;
      return before;
    }
    queue = &queue_of(*before);
    remove(*before);
  }
  if (size > main_.capacity()) return nullptr;
  if (!queue) queue = ghosts_.take(short_hash(key)) ? &main_ : &small_;
  std::byte* const place = make_room(size, *queue, moment);
  CacheEntry::write(place, key, short_hash(key), kept, moment.now);
  return &enter(place, visits);
}

void CacheEntries::remove(CacheEntry& entry) {
  index_.erase(entry.hash, place_of(entry));
  replies_ -= entry.has_reply();
  queue_of(entry).kill(entry);
}

void CacheEntries::take_all(CacheEntries& other, const CacheMoment& moment) {
  evictions_ += other.evictions_;
  for (auto [from, to] : {std::pair{&other.main_, &main_}, std::pair{&other.small_, &small_}}) {
    from->for_each([&, to = to](RingRecord& record) {
      const auto& entry = static_cast<CacheEntry&>(record);
      if (!of_use(entry, moment) || entry.size > main_.capacity()) return;
      std::byte* const place = make_room(entry.size, *to, moment);
      std::memcpy(place, &entry, entry.size);
      enter(place, entry.visits);
    });
  }
}

void CacheEntries::clear() {
  CacheEntries empty(limit_);
  empty.evictions_ = evictions_;
  *this = std::move(empty);
}

CacheEntry& CacheEntries::enter(std::byte* place, std::uint8_t visits) {
  auto& entry = *reinterpret_cast<CacheEntry*>(place);
  entry.visits = visits;
  index_.insert(entry.hash, place_of(entry));
  replies_ += entry.has_reply();
  return entry;
}

// Room for an entry that will be entered next, in `queue` or, if it is larger than the small queue, in the main queue.
std::byte* CacheEntries::make_room(std::uint32_t size, CacheRing& queue, const CacheMoment& moment) {
  unsigned moves = kMostMoves;
  while (index_.full()) {  // by short entries; those of names that were asked once go before all others
    if (small_.live() > 0) {
      step_small(moment);
    } else {
      step_main(moves, moment);
    }
  }
  if (&queue == &main_ || size > small_.capacity()) {
    make_room_main(size, moment);
    return main_.push(size);
  }
  while (!small_.fits(size)) step_small(moment);
  return small_.push(size);
}

// The oldest of the small queue leaves it.
void CacheEntries::step_small(const CacheMoment& moment) {
  auto& entry = static_cast<CacheEntry&>(*small_.oldest());
  if (!entry.dead) {
    if (!of_use(entry, moment)) {
      remove(entry);
    } else if (!entry.has_reply()) {
      evict(entry, moment);  // a failure is worth nothing that has to be kept for it
    } else if (entry.visits >= kPopular || (!index_.full() && has_room_main(entry.size, moment))) {
      make_room_main(entry.size, moment);
      push_main(entry, place_of(entry), 0);
    } else {
      ghosts_.remember(entry.hash);
      evict(entry, moment);
    }
  }
  small_.pop();
}

// The oldest of the main queue leaves, or gets another round if it was asked for, or if there are so many dead that
// room will be found soon.
void CacheEntries::step_main(unsigned& moves, const CacheMoment& moment) {
  auto& entry = static_cast<CacheEntry&>(*main_.oldest());
  if (!entry.dead && of_use(entry, moment) && moves > 0) {
    const bool close_up = main_.dead() >= main_.capacity() / kDeadPart;
    if (close_up || entry.visits > 0) {
      --moves;
      main_.pop();
      push_main(entry, place_of(entry), close_up ? entry.visits : entry.visits - 1);
      return;
    }
  }
  if (!entry.dead) evict(entry, moment);
  main_.pop();
}

void CacheEntries::make_room_main(std::uint32_t size, const CacheMoment& moment) {
  unsigned moves = kMostMoves;
  while (!main_.fits(size)) step_main(moves, moment);
}

// Without anything leaving that is of use.
bool CacheEntries::has_room_main(std::uint32_t size, const CacheMoment& moment) {
  while (auto* const oldest = static_cast<CacheEntry*>(main_.oldest())) {
    if (!oldest->dead) {
      if (of_use(*oldest, moment)) break;
      remove(*oldest);
    }
    main_.pop();
  }
  if (index_.full()) return false;  // of short entries there may be so many that octets are left
  return main_.fits(size) || main_.dead() >= main_.capacity() / kDeadPart;
}

// `entry` may overlap the place it moves to.
void CacheEntries::push_main(CacheEntry& entry, std::uint32_t place_before, std::uint8_t visits) {
  const std::uint32_t hash = entry.hash;
  std::byte* const place = main_.push(entry.size);
  std::memmove(place, &entry, entry.size);
  auto& moved = *reinterpret_cast<CacheEntry*>(place);
  moved.visits = visits;
  index_.move(hash, place_before, place_of(moved));
}

void CacheEntries::evict(CacheEntry& entry, const CacheMoment& moment) {
  if (entry.has_reply() && of_use(entry, moment)) ++evictions_;
  remove(entry);
}

}  // namespace meridian::upstream
