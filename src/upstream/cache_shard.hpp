#pragma once
// A part of the cache: what becomes of a reply in its life. Not thread-safe: the cache has a mutex for each.

#include <cstddef>
#include <cstdint>
#include <span>

#include "upstream/cache.hpp"
#include "upstream/cache_entries.hpp"

namespace meridian::upstream {

class CacheShard {
 public:
  explicit CacheShard(std::size_t limit = 0) : entries_(limit) {}

  // As Cache has them.
  Cache::Found find(const Cache::Key& key, const CacheMoment& moment, std::span<std::uint8_t> room);
  void store(const Cache::Key& key, const dns::Keepable& kept, const CacheMoment& moment);
  void failed(const Cache::Key& key, dns::ExtendedError error, Cache::Clock::duration pause, const CacheMoment& moment);
  std::size_t flush(std::span<const std::uint8_t> name, bool below);
  std::size_t flush_all();
  void add_to(Cache::Usage& usage) const;

  std::size_t limit() const { return entries_.limit(); }
  // Keeps what it holds as far as there is room.
  void resize(std::size_t limit, std::chrono::seconds serve_stale);

 private:
  CacheEntries entries_;
  Cache::Time latest_{};  // time that anybody came with: a reload says none
};

}  // namespace meridian::upstream
