#include "upstream/cached.hpp"

#include <doctest/doctest.h>

#include <algorithm>

namespace meridian::test {
namespace {

void put(std::vector<std::uint8_t>& octets, std::uint64_t number, unsigned size) {
  while (size-- > 0) octets.push_back(static_cast<std::uint8_t>(number >> 8 * size));
}

std::uint32_t number_at(std::span<const std::uint8_t> octets, std::size_t at, unsigned size) {
  REQUIRE(at + size <= octets.size());
  std::uint32_t number = 0;
  for (unsigned i = 0; i < size; ++i) number = number << 8 | octets[at + i];
  return number;
}

constexpr std::uint16_t kTxt = static_cast<std::uint16_t>(dns::Type::TXT);

}  // namespace

dns::Query question_of(std::string_view name, dns::Type type) {
  dns::Query query;
  query.name = dns::FoldedName(*dns::Name::from_text(name));
  query.type = type;
  query.klass = dns::Class::IN;
  return query;
}

CachedReply::CachedReply(const dns::Query& query, const std::vector<std::uint32_t>& ttls, std::string_view text,
                         bool denial) {
  put(octets_, 0xbeef, 2);  // an id that must not be told
  put(octets_, 0x8180, 2);
  put(octets_, 1, 2);
  put(octets_, denial ? 0 : ttls.size(), 2);
  put(octets_, denial ? ttls.size() : 0, 2);
  put(octets_, 0, 2);
  const auto name = query.name.wire();
  octets_.insert(octets_.end(), name.begin(), name.end());
  put(octets_, static_cast<std::uint16_t>(query.type), 2);
  put(octets_, static_cast<std::uint16_t>(query.klass), 2);
  kept_.reply.question_end = octets_.size();
  for (const auto ttl : ttls) {
    put(octets_, 0xc00c, 2);
    put(octets_, kTxt, 2);
    put(octets_, 1, 2);
    kept_.ttls[kept_.records++] = static_cast<std::uint16_t>(octets_.size());
    put(octets_, ttl, 4);
    put(octets_, text.size(), 2);
    octets_.insert(octets_.end(), text.begin(), text.end());
    text = {};
  }
  REQUIRE(octets_.size() <= dns::kMaxMessage);
  kept_.reply.rcode = denial ? dns::Rcode::NXDomain : dns::Rcode::NoError;
  kept_.reply.counts[denial ? 1 : 0] = static_cast<std::uint16_t>(ttls.size());
  kept_.reply.octets = octets_;
  kept_.seconds = *std::min_element(ttls.begin(), ttls.end());
  kept_.denial = denial;
}

Cache::Time at_ms(std::int64_t milliseconds) {
  return Cache::Time(std::chrono::hours(1000) + std::chrono::milliseconds(milliseconds));
}

std::string to_text(Cache::State state) {
  static constexpr const char* kNames[] = {"missing", "fresh", "failed", "expired", "stale"};
  return kNames[static_cast<std::size_t>(state)];
}

std::string ask(Cache& cache, const dns::Query& query, Cache::Time now) {
  static thread_local std::array<std::uint8_t, dns::kMaxMessage> room;
  const auto found = cache.find(cache.key_of(query), now, room);
  std::string said = (found.refresh ? "refresh " : "") + to_text(found.state) + (found.denial ? " denial" : "");
  if (found.state == Cache::State::Missing) return said;
  if (found.state == Cache::State::Failed) return said + " " + std::to_string(static_cast<int>(found.error));

  const auto& reply = found.reply;
  REQUIRE(reply.octets.data() == room.data());
  REQUIRE(number_at(reply.octets, 0, 4) == 0x8180);
  REQUIRE(reply.rcode == (found.denial ? dns::Rcode::NXDomain : dns::Rcode::NoError));
  for (unsigned i = 0; i < 3; ++i) REQUIRE(number_at(reply.octets, 6 + 2 * i, 2) == reply.counts[i]);
  REQUIRE(reply.opt_end == 0);
  const auto name = query.name.wire();
  REQUIRE(reply.question_end == dns::kHeaderSize + name.size() + 4);
  REQUIRE(std::equal(name.begin(), name.end(), reply.octets.begin() + dns::kHeaderSize));
  REQUIRE(number_at(reply.octets, reply.question_end - 4, 2) == static_cast<std::uint32_t>(query.type));
  std::string text;
  std::size_t offset = reply.question_end;
  for (unsigned i = 0; i < reply.counts[0] + reply.counts[1]; ++i) {
    REQUIRE(number_at(reply.octets, offset, 4) == (0xc00c0000u | kTxt));
    said += (i == 0 ? " " : ",") + std::to_string(number_at(reply.octets, offset + 6, 4));
    const auto size = number_at(reply.octets, offset + 10, 2);
    offset += 12;
    REQUIRE(offset + size <= reply.octets.size());
    text.append(reply.octets.begin() + offset, reply.octets.begin() + offset + size);
    offset += size;
  }
  REQUIRE(offset == reply.octets.size());
  return said + " " + text;
}

}  // namespace meridian::test
