#include "upstream/cache_model.hpp"

#include <algorithm>

namespace meridian::test {

using namespace std::chrono;

void CacheModel::store(const std::string& key, const std::string& name, const std::vector<std::uint32_t>& ttls,
                       const std::string& text, bool denial, Cache::Time now) {
  Entry& entry = entries_[key] = {};
  entry.name = name;
  entry.text = text;
  entry.ttls = ttls;
  entry.denial = denial;
  entry.stored = now;
  entry.end = now + seconds(*std::min_element(ttls.begin(), ttls.end()));
}

void CacheModel::failed(const std::string& key, const std::string& name, dns::ExtendedError error,
                        Cache::Clock::duration pause, Cache::Time now) {
  Entry& entry = entries_[key];
  const auto is = state(entry, now);
  if (is == Cache::State::Fresh) return;
  const bool told = is == Cache::State::Expired || is == Cache::State::Stale;
  entry.name = name;
  entry.error = error;
  entry.paused_until = now + (told ? std::min<Cache::Clock::duration>(pause, seconds(1)) : pause);
}

Cache::State CacheModel::state(const Entry& entry, Cache::Time now) const {
  const bool paused = now < entry.paused_until;
  if (!entry.ttls.empty() && now < entry.end) return Cache::State::Fresh;
  if (!entry.ttls.empty() && now < entry.end + serve_stale) return paused ? Cache::State::Stale : Cache::State::Expired;
  return paused ? Cache::State::Failed : Cache::State::Missing;
}

std::string CacheModel::ask(const std::string& key, Cache::Time now) {
  const auto found = entries_.find(key);
  if (found == entries_.end()) return "missing";
  Entry& entry = found->second;
  const Cache::State is = state(entry, now);
  if (is == Cache::State::Missing) {
    entries_.erase(found);
    return "missing";
  }
  std::string said = to_text(is);
  if (is == Cache::State::Failed) return said + " " + std::to_string(static_cast<int>(entry.error));
  if (entry.denial) said += " denial";
  const char* separator = " ";
  for (const auto ttl : entry.ttls) {
    const auto age = std::max<std::int64_t>(0, duration_cast<seconds>(now - entry.stored).count());
    said += separator + std::to_string(is == Cache::State::Fresh ? ttl - age : Cache::kStaleTtl);
    separator = ",";
  }
  said += " " + entry.text;
  const auto life = entry.end - entry.stored;
  const bool near_end = entry.end - now <= std::max<Cache::Clock::duration>(life / 10, 1s);
  if (is == Cache::State::Fresh && prefetch && life >= 10s && near_end && entry.uses >= 2 && !entry.refresh_said) {
    entry.refresh_said = true;
    said = "refresh " + said;
  }
  ++entry.uses;
  return said;
}

CacheModel::Flushed CacheModel::flush(const std::string& name, bool below, Cache::Time now) {
  Flushed flushed;
  const std::string suffix = "." + name;
  std::erase_if(entries_, [&](const auto& item) {
    const Entry& entry = item.second;
    if (entry.name != name && !(below && entry.name.ends_with(suffix))) return false;
    if (!entry.ttls.empty()) {
      ++flushed.most;
      if (now < entry.end + serve_stale) ++flushed.least;
    }
    return true;
  });
  return flushed;
}

}  // namespace meridian::test
