#pragma once
// The cache as a plain map, with rules that read like the header of the real one: no size, no shards, no queues.

#include <map>
#include <string>
#include <vector>

#include "upstream/cached.hpp"

namespace meridian::test {

class CacheModel {
 public:
  std::chrono::seconds serve_stale{};
  bool prefetch = false;

  // `key` stands for all that tells questions apart; `name` is absolute, without the final dot.
  void store(const std::string& key, const std::string& name, const std::vector<std::uint32_t>& ttls,
             const std::string& text, bool denial, Cache::Time now);
  void failed(const std::string& key, const std::string& name, dns::ExtendedError error, Cache::Clock::duration pause,
              Cache::Time now);
  std::string ask(const std::string& key, Cache::Time now);  // as test::ask()
  void forget(const std::string& key) { entries_.erase(key); }
  void forget_all() { entries_.clear(); }

  struct Flushed {
    std::size_t least = 0, most = 0;  // replies; those of no use any more may have gone before
  };
  Flushed flush(const std::string& name, bool below, Cache::Time now);

 private:
  struct Entry {
    std::string name, text;
    std::vector<std::uint32_t> ttls;  // none: there is no reply
    bool denial = false, refresh_said = false;
    Cache::Time stored{}, end{}, paused_until{};
    unsigned uses = 0;
    dns::ExtendedError error{};
  };
  Cache::State state(const Entry& entry, Cache::Time now) const;

  std::map<std::string, Entry> entries_;
};

}  // namespace meridian::test
