#include "upstream/question.hpp"

#include <algorithm>
#include <array>

#include <meridian/dns/types.hpp>

namespace meridian::upstream {

namespace {

constexpr std::uint8_t kRecursionDesired = 0x01;  // of the header's third octet (RFC 1035, 4.1.1)
constexpr std::uint8_t kCheckingDisabled = 0x10;  // of its fourth (RFC 4035, 3.2.2)
constexpr std::uint8_t kDnssecOk = 0x80;          // of the OPT record's flags (RFC 6891, 6.1.4)
constexpr std::uint8_t kCaseBit = 0x20;

bool is_letter(std::uint8_t octet) {
  const auto lower = static_cast<std::uint8_t>(octet | kCaseBit);
  return lower >= 'a' && lower <= 'z';
}

}  // namespace

std::vector<std::uint8_t> compose_query(const Question& question, bool with_edns) {
  const std::uint8_t cd = question.checking_disabled ? kCheckingDisabled : 0;
  const std::uint8_t additional = with_edns ? 1 : 0;
  const std::array<std::uint8_t, dns::kHeaderSize> header = {0, 0, kRecursionDesired, cd, 0, 1, 0, 0, 0,
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
