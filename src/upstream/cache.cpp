#include "upstream/cache.hpp"

#include <array>
#include <atomic>
#include <meridian/dns/octet_hash.hpp>
#include <mutex>

#include "upstream/cache_shard.hpp"
#include "upstream/entropy.hpp"

namespace meridian::upstream {
namespace {

constexpr std::size_t kMostShards = 64;
constexpr std::size_t kLeastShare = 256 << 10;  // octets a shard, so that the longest message has room in each

std::uint64_t unpredictable() {
  Entropy entropy;
  std::uint64_t value = 0;
  for (int i = 0; i < 4; ++i) value = value << 16 | entropy.u16();
  return value;
}

std::size_t shards_for(std::uint64_t size) {
  std::size_t shards = kMostShards;
  while (shards > 1 && size / shards < kLeastShare) shards /= 2;
  return shards;
}

}  // namespace

struct Cache::Shared {
  explicit Shared(std::uint64_t seed) : hash(seed) {}

  struct alignas(64) Guarded {  // a cache line of its own: shards are there to keep workers out of each other's way
    std::mutex mutex;
    CacheShard shard;
  };

  // Calls `use(shard)` for the shard of `key`, locked.
  template <class F>
  auto with_shard(const Key& key, F&& use) {
    for (;;) {
      const std::size_t count = shards_used.load(std::memory_order_relaxed);
      Guarded& guarded = shards[key.hash & (count - 1)];
      const std::lock_guard lock(guarded.mutex);
      // configure() says a new count before it locks the first shard to clear it: who still sees the old count here
      // comes before the clearing.
      if (shards_used.load(std::memory_order_relaxed) == count) return use(guarded.shard);
    }
  }
  template <class F>
  void for_each_shard(F&& use) {
    for (Guarded& guarded : shards) {
      const std::lock_guard lock(guarded.mutex);
      use(guarded.shard);
    }
  }
  CacheMoment moment(Time now) const {
    return {now, std::chrono::seconds(serve_stale.load(std::memory_order_relaxed)),
            prefetch.load(std::memory_order_relaxed)};
  }
  bool off() const { return size.load(std::memory_order_relaxed) == 0; }

  const dns::OctetHash hash;
  std::atomic<std::uint64_t> size{0};
  std::atomic<std::int64_t> serve_stale{0};  // seconds
  std::atomic<bool> prefetch{false};
  std::atomic<std::size_t> shards_used{1};  // a power of two; the rest are empty
  std::mutex configuring;
  std::array<Guarded, kMostShards> shards;
};

Cache::Cache(const config::Forward::Cache& settings) : Cache(settings, unpredictable()) {}

Cache::Cache(const config::Forward::Cache& settings, std::uint64_t seed) : shared_(std::make_unique<Shared>(seed)) {
  configure(settings);
}

Cache::~Cache() = default;

Cache::Key Cache::key_of(const dns::Query& query) const {
  Key key{query.name.wire(), query.type, query.klass, query.edns && query.edns->dnssec_ok, query.checking_disabled};
  const dns::OctetHash& hash = shared_->hash;
  const std::uint64_t rest = std::uint64_t{static_cast<std::uint16_t>(key.type)} << 32 |
                             std::uint64_t{static_cast<std::uint16_t>(key.klass)} << 16 |
                             std::uint64_t{key.dnssec_ok} << 1 | std::uint64_t{key.checking_disabled};
  key.hash = hash.then(hash.then(hash.start(), key.name), rest);
  return key;
}

Cache::Found Cache::find(const Key& key, Time now, std::span<std::uint8_t> room) {
  if (shared_->off()) return {};
  const CacheMoment moment = shared_->moment(now);
  return shared_->with_shard(key, [&](CacheShard& shard) { return shard.find(key, moment, room); });
}

void Cache::store(const Key& key, const dns::Keepable& kept, Time now) {
  if (shared_->off()) return;
  const CacheMoment moment = shared_->moment(now);
  shared_->with_shard(key, [&](CacheShard& shard) { shard.store(key, kept, moment); });
}

void Cache::failed(const Key& key, dns::ExtendedError error, Clock::duration pause, Time now) {
  if (shared_->off()) return;
  const CacheMoment moment = shared_->moment(now);
  shared_->with_shard(key, [&](CacheShard& shard) { shard.failed(key, error, pause, moment); });
}

std::size_t Cache::flush(const dns::FoldedName& name, bool below) {
  std::size_t replies = 0;
  shared_->for_each_shard([&](CacheShard& shard) { replies += shard.flush(name.wire(), below); });
  return replies;
}

std::size_t Cache::flush_all() {
  std::size_t replies = 0;
  shared_->for_each_shard([&](CacheShard& shard) { replies += shard.flush_all(); });
  return replies;
}

void Cache::configure(const config::Forward::Cache& settings) {
  const std::lock_guard lock(shared_->configuring);
  shared_->serve_stale = settings.serve_stale.count();
  shared_->prefetch = settings.prefetch;
  const std::size_t count = shards_for(settings.size);
  const bool other_count = shared_->shards_used.exchange(count) != count;
  std::size_t i = 0;
  shared_->for_each_shard([&](CacheShard& shard) {
    const std::size_t share = i++ < count ? settings.size / count : 0;
    if (other_count) shard.flush_all();  // its entries belong elsewhere now
    if (shard.limit() != share) shard.resize(share, settings.serve_stale);
  });
  shared_->size = settings.size;
}

Cache::Usage Cache::usage() const {
  Usage usage;
  usage.limit = shared_->size;
  shared_->for_each_shard([&](const CacheShard& shard) { shard.add_to(usage); });
  return usage;
}

}  // namespace meridian::upstream
