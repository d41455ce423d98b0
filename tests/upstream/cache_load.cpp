#include "upstream/cache_load.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>

#include "upstream/cache_entry.hpp"

namespace meridian::test {
namespace {

constexpr std::string_view kTail("\7example\3com\0", 13);
constexpr unsigned kDigits = 12;
constexpr std::uint32_t kTtl = 3600;

// Numbers from 0, the smaller the likelier: number i with a weight of 1 / (i + 1)^exponent.
class Zipf {
 public:
  Zipf(std::size_t numbers, double exponent) {
    double sum = 0;
    for (std::size_t i = 0; i < numbers; ++i) sums_.push_back(sum += std::pow(i + 1.0, -exponent));
  }
  std::uint64_t operator()(std::mt19937_64& random) const {
    const double point = sums_.back() * (static_cast<double>(random() >> 11) * 0x1p-53);
    return static_cast<std::uint64_t>(std::upper_bound(sums_.begin(), sums_.end() - 1, point) - sums_.begin());
  }

 private:
  std::vector<double> sums_;
};

}  // namespace

NumberedReplies::NumberedReplies(unsigned addresses) {
  query_.type = dns::Type::A;
  query_.klass = dns::Class::IN;
  query_.name.octets[0] = kDigits;
  std::memcpy(query_.name.octets.data() + 1 + kDigits, kTail.data(), kTail.size());
  query_.name.size = 1 + kDigits + kTail.size();

  octets_ = {0, 0, 0x81, 0x80, 0, 1, 0, static_cast<std::uint8_t>(addresses), 0, 0, 0, 0};
  octets_.resize(octets_.size() + query_.name.size);
  octets_.insert(octets_.end(), {0, 1, 0, 1});
  kept_.reply.question_end = octets_.size();
  kept_.reply.counts[0] = static_cast<std::uint16_t>(addresses);
  for (unsigned i = 0; i < addresses; ++i) {
    octets_.insert(octets_.end(), {0xc0, 12, 0, 1, 0, 1});
    kept_.ttls[kept_.records++] = static_cast<std::uint16_t>(octets_.size());
    octets_.insert(octets_.end(), {0, 0, kTtl >> 8, kTtl & 0xff, 0, 4, 192, 0, 2, static_cast<std::uint8_t>(i)});
  }
  kept_.seconds = kTtl;
  kept_.reply.octets = octets_;
}

const dns::Query& NumberedReplies::question(std::uint64_t number) {
  for (unsigned i = kDigits; i > 0; --i, number /= 10) {
    query_.name.octets[i] = static_cast<std::uint8_t>('0' + number % 10);
  }
  return query_;
}

const dns::Keepable& NumberedReplies::reply(std::uint64_t number) {
  const auto name = question(number).name.wire();
  std::copy(name.begin(), name.end(), octets_.begin() + dns::kHeaderSize);
  return kept_;
}

bool PlainLru::find(std::uint64_t number) {
  const auto found = index_.find(number);
  if (found == index_.end()) return false;
  items_.splice(items_.begin(), items_, found->second);
  return true;
}

void PlainLru::store(std::uint64_t number, std::size_t octets) {
  used_ += octets;
  for (; used_ > limit_; items_.pop_back()) {
    used_ -= items_.back().octets;
    index_.erase(items_.back().number);
  }
  items_.push_front({number, octets});
  index_[number] = items_.begin();
}

HitRates hit_rates(const CacheLoad& load) {
  config::Forward::Cache settings;
  settings.size = load.cache_octets;
  upstream::Cache cache(settings, load.seed);
  PlainLru lru(load.cache_octets);
  NumberedReplies replies(load.addresses);
  const Zipf zipf(load.names, load.exponent);
  std::mt19937_64 random(load.seed);
  std::vector<std::uint8_t> room(dns::kMaxMessage);
  const upstream::Cache::Time now{std::chrono::hours(1)};

  std::size_t asked = 0, in_cache = 0, in_lru = 0;
  for (std::size_t i = 0; i < load.questions; ++i) {
    const bool flood = static_cast<double>(random() >> 11) * 0x1p-53 < load.flood;
    const std::uint64_t number = flood ? load.names + i : zipf(random);
    const auto key = cache.key_of(replies.question(number));
    const dns::Keepable& kept = replies.reply(number);
    const bool hit = cache.find(key, now, room).state == upstream::Cache::State::Fresh;
    if (!hit) cache.store(key, kept, now);
    const bool lru_hit = lru.find(number);
    if (!lru_hit) lru.store(number, upstream::CacheEntry::size_of(key, &kept));  // it gets its own index for nothing
    if (flood || i < load.questions / 2) continue;
    ++asked;
    in_cache += hit;
    in_lru += lru_hit;
  }
  return {static_cast<double>(in_cache) / static_cast<double>(asked),
          static_cast<double>(in_lru) / static_cast<double>(asked)};
}

}  // namespace meridian::test
