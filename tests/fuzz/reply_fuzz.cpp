// Any octets as an upstream's reply, from where it is believed to where a client reads it. Beyond what the sanitizers
// see: what is believed is inside of what came; keep() writes TTLs, within its limits, and nothing else; what is kept
// is a reply itself, whatever its TTLs will be; what is relayed is within the client's limit and as good as what came.

#include <algorithm>
#include <array>
#include <dns/walker.hpp>
#include <meridian/dns/keepable.hpp>
#include <meridian/query/relay.hpp>
#include <vector>

#include "../support/ldns_oracle.hpp"
#include "require.hpp"

using namespace meridian;
using fuzz::require;

namespace {

using Octets = std::vector<std::uint8_t>;

constexpr dns::TtlLimits kLimits[] = {
    {},
    {.max = 86400, .min = 0, .negative_max = 10800},
    {.max = 60, .min = 5, .negative_max = 3},
};
constexpr query::Client kClients[] = {{.tcp = false}, {.tcp = true}};
constexpr std::size_t kGuard = 16;
constexpr std::uint8_t kUntouched = 0xee;

// The question that the reply is to, asked by a client that has an OPT if the reply has one.
struct Asked {
  Octets packet;
  dns::Query query;
  explicit Asked(std::span<const std::uint8_t> reply) : packet(reply.begin(), reply.end()) {
    packet[2] &= 0x7f;
    dns::parse_query(packet, query);
  }
};

std::optional<dns::Reply> check(const Asked& asked, std::span<const std::uint8_t> octets, dns::CaseCheck check) {
  return dns::check_reply(octets, asked.query.id, asked.query.question, check);
}

// The TTLs of `reply`, whose octets are `octets`, in their order; they are set to 0.
std::vector<std::uint32_t> take_ttls(const dns::Reply& reply, Octets& octets) {
  std::vector<std::uint32_t> ttls;
  std::size_t at = reply.question_end;
  for (unsigned left = 0u + reply.counts[0] + reply.counts[1] + reply.counts[2]; left > 0; --left) {
    dns::RecordPlace record;
    require(dns::find_record(octets, at, record), "records are where they were, whatever their TTLs");
    at = record.end;
    if (record.type == dns::Type::OPT) continue;
    ttls.push_back(record.ttl);
    std::fill_n(octets.begin() + static_cast<std::ptrdiff_t>(record.rdata) - 6, 4, 0);
  }
  return ttls;
}

// Whether ldns must read what we believe: it looks into more types than we do, and there it reads past RDLENGTH.
bool is_for_ldns(const dns::Reply& reply) {
  using dns::Type;
  constexpr Type kKnown[] = {Type::A,   Type::NS,   Type::CNAME, Type::SOA,   Type::PTR, Type::MX,
                             Type::TXT, Type::AAAA, Type::SRV,   Type::DNAME, Type::OPT, Type{65280}};
  for (std::size_t at = reply.question_end; at < reply.octets.size();) {
    dns::RecordPlace record;
    if (!dns::find_record(reply.octets, at, record)) return false;
    if (std::ranges::find(kKnown, record.type) == std::end(kKnown)) return false;
    at = record.end;
  }
  return true;
}

void relay(const Asked& asked, const dns::Reply& reply) {
  static std::array<std::uint8_t, dns::kMaxMessage> out;
  static const query::Settings settings = {.nsid = "fuzz"};
  for (const auto& client : kClients) {
    const std::size_t limit = query::reply_limit(asked.query, settings, client);
    std::fill_n(out.begin() + static_cast<std::ptrdiff_t>(limit), std::min(kGuard, out.size() - limit), kUntouched);
    const std::size_t size = query::relay(asked.query, reply, dns::ExtendedError::StaleAnswer, settings, client, out);
    require(size <= limit, "what is relayed is within the limit");
    require(std::all_of(out.begin() + static_cast<std::ptrdiff_t>(limit),
                        out.begin() + static_cast<std::ptrdiff_t>(std::min(limit + kGuard, out.size())),
                        [](auto octet) { return octet == kUntouched; }),
            "nothing is written behind the limit");
    const auto octets = std::span(out).first(size);
    const auto relayed = check(asked, octets, dns::CaseCheck::Exact);
    require(relayed.has_value(), "what is relayed is as good as what came");
    require(relayed->octets.size() == size, "what is relayed has nothing behind its end");
    require((relayed->opt_end != 0) == asked.query.edns.has_value(), "OPT if and only if asked");
    require(relayed->truncated || (relayed->counts[0] == reply.counts[0] && relayed->counts[1] == reply.counts[1]),
            "nothing is missing without TC");
    require(!is_for_ldns(*relayed) || oracle::read_message(octets).has_value(), "ldns reads what is relayed");
  }
}

void check_kept(const Asked& asked, const dns::Keepable& kept, const dns::TtlLimits& limits) {
  const dns::Reply& reply = kept.reply;
  Octets octets(reply.octets.begin(), reply.octets.end());
  for (std::size_t section = 0; section < 3; ++section) {
    octets[6 + 2 * section] = static_cast<std::uint8_t>(reply.counts[section] >> 8);
    octets[7 + 2 * section] = static_cast<std::uint8_t>(reply.counts[section]);
  }
  const auto again = check(asked, octets, dns::CaseCheck::Exact);
  require(again.has_value() && again->octets.size() == octets.size(), "what is kept is a reply");
  require(again->opt_end == 0 && reply.counts[2] == 0, "it has nothing that is only the upstream's");
  require(!again->truncated, "and nothing is missing");

  require(kept.records == reply.counts[0] + reply.counts[1], "each record has its TTL");
  for (unsigned i = 0; i < kept.records; ++i) {
    require(std::size_t{kept.ttls[i]} + 4 <= octets.size(), "TTLs are inside");
    const std::uint8_t* const ttl = &octets[kept.ttls[i]];
    require(dns::read_u32(ttl) >= kept.seconds, "it lives no longer than its shortest TTL");
  }
  auto counted = octets;
  const auto ttls = take_ttls(*again, counted);
  require(std::ranges::min(ttls) == kept.seconds && kept.seconds > 0, "it lives as long as its shortest TTL");
  require(!kept.denial || kept.seconds <= limits.negative_max, "a denial is soon forgotten");
  require(check(asked, counted, dns::CaseCheck::Exact).has_value(), "it is a reply when its TTLs are counted down");
  auto by_offset = octets;
  for (unsigned i = 0; i < kept.records; ++i) std::fill_n(by_offset.begin() + kept.ttls[i], 4, 0);
  require(by_offset == counted, "the offsets are those of its TTLs");
  relay(asked, reply);
}

void believe(std::span<const std::uint8_t> octets) {
  const Asked asked(octets);
  const auto reply = check(asked, octets, dns::CaseCheck::Ignore);
  if (!reply) return;
  require(!asked.query.question.empty(), "no reply without a question is believed");
  require(reply->octets.data() == octets.data() && reply->octets.size() <= octets.size(), "a part of what came");
  require(reply->question_end == dns::kHeaderSize + asked.query.question.size(), "the question is where it is");
  require(reply->opt_begin <= reply->opt_end && reply->opt_end <= reply->octets.size(), "the OPT is inside");
  require(check(asked, reply->octets, dns::CaseCheck::Exact).has_value(),
          "what is left when the end is cut off is as good");
  relay(asked, *reply);

  for (const auto& limits : kLimits) {
    Octets copy(octets.begin(), octets.end());
    copy.insert(copy.end(), kGuard, kUntouched);
    const auto kept = dns::keep(copy, *reply, limits);
    Octets before(octets.begin(), octets.end()), after = copy;
    before.insert(before.end(), kGuard, kUntouched);
    take_ttls(*reply, before);
    for (const auto ttl : take_ttls(*reply, after)) require(ttl <= limits.max, "TTLs are within their limit");
    require(before == after, "nothing but TTLs is written");
    require(check(asked, std::span(copy).first(reply->octets.size()), dns::CaseCheck::Exact).has_value(),
            "what has new TTLs is as good");
    if (kept) check_kept(asked, *kept, limits);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  if (size >= dns::kHeaderSize) believe({octets, size});
  return 0;
}
