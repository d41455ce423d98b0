#include <algorithm>
#include <bitset>
#include <cassert>
#include <meridian/dns/keepable.hpp>

#include "fold.hpp"
#include "walker.hpp"

// Work: a few steps for each record of the message (4,000 addresses: 40 us), and for the 128 at most that may be kept a
// comparison of names for each link of the chain. Those of a resolver end at the first pointer (128 addresses: 2 us);
// names forged to be long and alike to their last label cost 2 ms at most (bench/relay_bench).

namespace meridian::dns {
namespace {

constexpr std::size_t kMostLinks = 16;  // CNAMEs in a row (RFC 1034, 3.6.2 wants them to end; resolvers agree on 16)
constexpr std::uint8_t kPointer = 0xc0;
constexpr std::size_t kTypeAndClass = 4;
constexpr std::size_t kTtlBeforeRdata = 6;  // TTL and RDLENGTH stand in front of RDATA
constexpr std::size_t kRrsigFields = 18;    // of its RDATA, in front of the signer's name (RFC 4034, 3.1)

enum Section : int { kAnswer, kAuthority, kAdditional };

// Types that IANA knows and that only an upstream sends.
constexpr Type kRRSIG{46}, kNSEC{47}, kNSEC3{50};

// A record of the message: offsets of its parts.
struct Record {
  std::uint16_t owner, rdata, end;
  Type type;
  std::uint16_t klass;
  std::size_t ttl() const { return rdata - kTtlBeforeRdata; }
};

// What may be kept: all answers, and the front of authority.
struct Records {
  std::array<Record, Keepable::kMostRecords> all;
  std::size_t answers = 0, count = 0;
  std::span<const Record> answer() const { return {all.data(), answers}; }
  std::span<const Record> front() const { return {all.data() + answers, count - answers}; }
  std::span<const Record> both() const { return {all.data(), count}; }
};

struct Question {
  Type type;
  std::uint16_t klass;
};

void write_u32(std::uint8_t* at, std::uint32_t value) {
  for (int i = 3; i >= 0; --i, value >>= 8) at[i] = static_cast<std::uint8_t>(value);
}

// A TTL with its highest bit set is large, not 0 (RFC 8767, 4, against RFC 2181, 8).
std::uint32_t within(std::uint32_t ttl, const TtlLimits& limits) {
  return std::min(std::max(ttl, limits.min), limits.max);
}

// The names below have been checked: pointers go backward, and every name ends.

// Where the label at `at` is, behind the pointers that lead to it.
std::size_t label_at(Message message, std::size_t at) {
  while (message[at] >= kPointer) at = read_u16(&message[at]) & 0x3fffu;
  return at;
}

bool same_name(Message message, std::size_t a, std::size_t b) {
  for (;;) {
    a = label_at(message, a);
    b = label_at(message, b);
    if (a == b) return true;
    const std::size_t length = message[a];
    if (length != message[b]) return false;
    if (length == 0) return true;
    for (std::size_t i = 1; i <= length; ++i) {
      if (fold(message[a + i]) != fold(message[b + i])) return false;
    }
    a += 1 + length;
    b += 1 + length;
  }
}

std::size_t count_labels(Message message, std::size_t at) {
  std::size_t labels = 0;
  for (at = label_at(message, at); message[at] != 0; at = label_at(message, at + 1u + message[at])) ++labels;
  return labels;
}

// Whether `name` is below `ancestor`, or, with `or_same`, that name itself.
bool is_below(Message message, std::size_t name, std::size_t ancestor, bool or_same) {
  const std::size_t theirs = count_labels(message, ancestor);
  std::size_t ours = count_labels(message, name);
  if (ours < theirs || (ours == theirs && !or_same)) return false;
  for (; ours > theirs; --ours) {
    name = label_at(message, name);
    name += 1u + message[name];
  }
  return same_name(message, name, ancestor);
}

bool proves_denial(Type type) {
  return type == Type::SOA || type == kNSEC || type == kNSEC3 || type == kRRSIG;
}

// Writes all TTLs, and finds the records that may be kept; false if they are too many, or if a proof stands behind
// what is left out: without it a client that validates would call the rest forged.
bool limit_ttls(std::span<std::uint8_t> octets, const Reply& reply, const TtlLimits& limits, Records& records) {
  bool good = true, front = true;
  std::size_t at = reply.question_end;
  for (int section = kAnswer; section <= kAdditional; ++section) {
    for (unsigned left = reply.counts[section]; left > 0; --left) {
      RecordPlace place;
      if (!find_record(octets, at, place)) return false;
      at = place.end;
      if (place.type == Type::OPT) continue;  // what stands there are flags (RFC 6891, 6.1.3)
      const std::uint32_t ttl = within(place.ttl, limits);
      if (ttl != place.ttl) write_u32(&octets[place.rdata - kTtlBeforeRdata], ttl);
      if (section == kAdditional) continue;
      if (section == kAuthority) {
        const bool proof = proves_denial(place.type);
        if (!front && proof && place.type != kRRSIG) good = false;
        front = front && proof;
        if (!front) continue;
      }
      if (records.count == records.all.size()) {
        good = false;
        continue;
      }
      const auto offset = [](std::size_t octet) { return static_cast<std::uint16_t>(octet); };
      records.all[records.count++] = {offset(place.begin), offset(place.rdata), offset(place.end), place.type,
                                      place.klass};
      if (section == kAnswer) ++records.answers;
    }
  }
  return good;
}

// The type that a record speaks of: a signature's is the one that it covers (RFC 4034, 3.1.1).
Type subject(Message message, const Record& record) {
  if (record.type != kRRSIG || record.end - record.rdata < static_cast<int>(kRrsigFields)) return record.type;
  return static_cast<Type>(read_u16(&message[record.rdata]));
}

// Whether `record` is part of the answer at `name`.
bool belongs(Message message, const Record& record, const Question& question, std::size_t name) {
  if (record.klass != question.klass) return false;
  const Type type = subject(message, record);
  if (same_name(message, record.owner, name)) {
    return question.type == Type::ANY || record.type == question.type || type == question.type || type == Type::CNAME;
  }
  return type == Type::DNAME && is_below(message, name, record.owner, false);  // RFC 6672, 2.4: never at its own name
}

// Where the chain of CNAMEs from the question ends.
struct ChainEnd {
  std::size_t name;  // its offset
  bool answered;     // what was asked for is there
};

// Follows the chain, in whatever order its records stand. nullopt: it is no chain, or there is something beside it.
std::optional<ChainEnd> follow(Message message, std::span<const Record> answer, const Question& question) {
  const bool follows = question.type != Type::CNAME && question.type != Type::ANY;  // RFC 1034, 4.3.2, 3a
  std::bitset<Keepable::kMostRecords> placed;
  std::array<std::size_t, kMostLinks + 1> names;
  std::size_t name = kHeaderSize;
  for (std::size_t links = 0;; ++links) {
    names[links] = name;
    std::size_t target = 0;
    bool answered = false;
    for (std::size_t i = 0; i < answer.size(); ++i) {
      const Record& record = answer[i];
      if (placed[i] || !belongs(message, record, question, name)) continue;
      placed[i] = true;
      if (record.type == Type::CNAME && follows) {
        if (target != 0) return std::nullopt;  // two at one name (RFC 2181, 10.1)
        target = record.rdata;
      } else if (question.type == Type::ANY || record.type == question.type) {
        answered = true;
      }
    }
    if (target == 0) {
      if (placed.count() != answer.size()) return std::nullopt;
      return ChainEnd{name, answered};
    }
    const auto is_target = [&](std::size_t known) { return same_name(message, known, target); };
    if (links == kMostLinks || std::any_of(names.begin(), names.begin() + links + 1, is_target)) return std::nullopt;
    name = target;
  }
}

// The SOA of the zone that denies `name`; nullptr if there is not exactly one.
const Record* find_soa(Message message, std::span<const Record> front, const Question& question, std::size_t name) {
  const Record* soa = nullptr;
  for (const Record& record : front) {
    if (record.type != Type::SOA) continue;
    if (soa || record.klass != question.klass || !is_below(message, name, record.owner, true)) return nullptr;
    soa = &record;
  }
  return soa;
}

}  // namespace

std::optional<Keepable> keep(std::span<std::uint8_t> octets, const Reply& reply, const TtlLimits& limits) {
  assert(octets.size() >= reply.octets.size() && "the octets that were checked, or a copy of them");
  octets = octets.first(reply.octets.size());
  const Message message = octets;
  Records records;
  if (!limit_ttls(octets, reply, limits, records)) return std::nullopt;
  if ((reply.rcode != Rcode::NoError && reply.rcode != Rcode::NXDomain) || reply.truncated) return std::nullopt;

  const std::uint8_t* const asked = &message[reply.question_end - kTypeAndClass];
  const Question question{static_cast<Type>(read_u16(asked)), read_u16(asked + 2)};
  const auto end = follow(message, records.answer(), question);
  if (!end) return std::nullopt;

  Keepable kept;
  kept.denial = !end->answered;
  if (kept.denial) {
    const Record* const soa = find_soa(message, records.front(), question, end->name);
    if (!soa) return std::nullopt;
    const std::uint32_t minimum = read_u32(&message[soa->end - 4u]);
    std::uint8_t* const ttl = &octets[soa->ttl()];
    write_u32(ttl, std::min({read_u32(ttl), within(minimum, limits), limits.negative_max}));
  } else if (reply.rcode == Rcode::NXDomain) {
    return std::nullopt;  // it is there and it is not: the rcode speaks of the chain's last name (RFC 6604, 3)
  }

  kept.seconds = ~std::uint32_t{0};
  for (const Record& record : records.both()) {
    kept.ttls[kept.records++] = static_cast<std::uint16_t>(record.ttl());
    kept.seconds = std::min(kept.seconds, read_u32(&message[record.ttl()]));
  }
  if (kept.seconds == 0) return std::nullopt;
  kept.reply = reply;
  kept.reply.counts[kAuthority] = static_cast<std::uint16_t>(records.front().size());
  kept.reply.counts[kAdditional] = 0;
  kept.reply.opt_begin = kept.reply.opt_end = 0;
  kept.reply.octets = message.first(records.both().back().end);
  return kept;
}

}  // namespace meridian::dns
