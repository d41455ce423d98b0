#include "upstream/question.hpp"

#include <algorithm>
#include <array>

#include <meridian/dns/types.hpp>

namespace meridian::upstream {

namespace {

constexpr std::uint8_t kRecursionDesired = 0x01;  // of the header's third octet (RFC 1035, 4.1.1)
constexpr std::uint8_t kCheckingDisabled = 0x10;  // of its fourth (RFC 4035, 3.2.2)
constexpr std::uint8_t kAuthenticData = 0x20;     // likewise
constexpr std::uint8_t kDnssecOk = 0x80;          // of the OPT record's flags (RFC 6891, 6.1.4)
constexpr std::uint8_t kCaseBit = 0x20;

bool is_letter(std::uint8_t octet) {
  const auto lower = static_cast<std::uint8_t>(octet | kCaseBit);
  return lower >= 'a' && lower <= 'z';
}

// Behind the name in a key: type and class as on the wire, and one octet of flags.
constexpr std::size_t kBehindName = 5;

}  // namespace

Question::Question(const dns::Query& query, const Cache::Key& kept_under)
    : octets(query.question.begin(), query.question.end()),
      checking_disabled(kept_under.checking_disabled),
      dnssec_ok(kept_under.dnssec_ok),
      key_(kept_under.name.begin(), kept_under.name.end()),
      hash_(kept_under.hash) {
  key_.insert(key_.end(), query.question.end() - 4, query.question.end());
  key_.push_back(static_cast<std::uint8_t>(checking_disabled << 1 | dnssec_ok));
}

Cache::Key Question::cache_key() const {
  const auto* behind = key_.data() + key_.size() - kBehindName;
  const auto u16 = [](const std::uint8_t* at) { return static_cast<std::uint16_t>(at[0] << 8 | at[1]); };
  return {std::span(key_).first(key_.size() - kBehindName),
          dns::Type{u16(behind)},
          dns::Class{u16(behind + 2)},
          dnssec_ok,
          checking_disabled,
          hash_};
}

std::vector<std::uint8_t> compose_query(const Question& question, bool with_edns) {
  const std::uint8_t flags3 = question.checking_disabled ? kCheckingDisabled | kAuthenticData : kAuthenticData;
  const std::uint8_t additional = with_edns ? 1 : 0;
  const std::array<std::uint8_t, dns::kHeaderSize> header = {0, 0, kRecursionDesired, flags3, 0, 1, 0, 0, 0,
                                                             0, 0, additional};

  const std::uint8_t flags = question.dnssec_ok ? kDnssecOk : 0;
  const std::array<std::uint8_t, 11> opt = {
      0, 0, static_cast<std::uint8_t>(dns::Type::OPT), kUpstreamPayload >> 8, kUpstreamPayload & 0xff, 0, 0, flags, 0,
      0, 0};

  std::vector<std::uint8_t> query(header.size() + question.octets.size() + (with_edns ? opt.size() : 0));
  auto end = std::ranges::copy(header, query.begin()).out;
  end = std::ranges::copy(question.octets, end).out;
  if (with_edns) std::ranges::copy(opt, end);
  return query;
}

std::span<std::uint8_t> question_of(std::vector<std::uint8_t>& query, const Question& question) {
  return std::span(query).subspan(dns::kHeaderSize, question.octets.size());
}

void randomize_case(std::span<std::uint8_t> question, Entropy& entropy) {
  std::size_t at = 0;
  while (at < question.size() && question[at] != 0) {
    const std::size_t end = at + 1 + question[at];
    for (++at; at < end && at < question.size(); ++at) {
      if (is_letter(question[at]) && (entropy.octet() & 1) != 0) question[at] ^= kCaseBit;
    }
  }
}

}  // namespace meridian::upstream
