#pragma once
// Questions and replies for tests of the cache, and what it says about them, readable.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "upstream/cache.hpp"

namespace meridian::test {

using Cache = upstream::Cache;

dns::Query question_of(std::string_view name, dns::Type type = dns::Type::A);

// A reply to `query`: one TXT record for each of `ttls`, the first with `text` in it. It owns its octets.
class CachedReply {
 public:
  CachedReply(const dns::Query& query, const std::vector<std::uint32_t>& ttls, std::string_view text,
              bool denial = false);
  CachedReply(CachedReply&&) = default;
  const dns::Keepable& kept() const { return kept_; }

 private:
  std::vector<std::uint8_t> octets_;
  dns::Keepable kept_;
};

// A moment of a steady clock that only the test moves: so many milliseconds after some beginning.
Cache::Time at_ms(std::int64_t milliseconds);
inline Cache::Time at(std::int64_t seconds) {
  return at_ms(seconds * 1000);
}

std::string to_text(Cache::State state);
// "fresh 60,300 text", "failed 22", "missing", ...; "refresh " in front and "denial " behind the state where it says
// so. `text` is what CachedReply was given. The reply must be whole, with id 0 and the question of `query`.
std::string ask(Cache& cache, const dns::Query& query, Cache::Time now);

}  // namespace meridian::test
