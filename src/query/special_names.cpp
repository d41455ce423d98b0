#include "special_names.hpp"

#include <array>
#include <string_view>

namespace meridian::query {
namespace {

// Records without their owner (see dns::RRsetView), as constants: the core has no start-up at which ldns could make
// them. The test compares each with what ldns makes of its text.
constexpr std::array<std::uint8_t, 14> kLoopbackV4 = {0, 1, 0, 1, 0, 0, 0x2a, 0x30, 0, 4, 127, 0, 0, 1};
constexpr std::array<std::uint8_t, 26> kLoopbackV6 = {0, 28, 0, 1, 0, 0, 0x2a, 0x30, 0, 16, 0, 0, 0,
                                                      0, 0,  0, 0, 0, 0, 0,    0,    0, 0,  0, 0, 1};
// 10800 IN SOA localhost. nobody.invalid. 1 3600 1200 604800 10800
constexpr std::array<std::uint8_t, 57> kSoa = {
    0, 6,   0,   1,   0,   0,   0x2a, 0x30, 0,   47,                                 // 47 octets follow
    9, 'l', 'o', 'c', 'a', 'l', 'h',  'o',  's', 't', 0,                             //
    6, 'n', 'o', 'b', 'o', 'd', 'y',  7,    'i', 'n', 'v', 'a',  'l', 'i', 'd',  0,  //
    0, 0,   0,   1,   0,   0,   0x0e, 0x10, 0,   0,   4,   0xb0, 0,   9,   0x3a, 0x80, 0, 0, 0x2a, 0x30};

}  // namespace

std::optional<SpecialName> special_name(const dns::FoldedName& name) {
  if (name.labels == 0) return std::nullopt;
  const std::string_view top = name.label(name.labels - 1u);
  if (top == "localhost") return SpecialName{SpecialName::Kind::Loopback, 1};
  if (top == "invalid" || top == "onion" || top == "alt" || top == "test") {
    return SpecialName{SpecialName::Kind::Missing, 1};
  }
  if (top == "arpa" && name.labels >= 2 && name.label(name.labels - 2u) == "resolver") {
    return SpecialName{SpecialName::Kind::Empty, 2};
  }
  return std::nullopt;
}

dns::RRsetView loopback(dns::Type type) {
  if (type == dns::Type::A || type == dns::Type::ANY) return {dns::Type::A, 1, false, kLoopbackV4};
  if (type == dns::Type::AAAA) return {dns::Type::AAAA, 1, false, kLoopbackV6};
  return {};
}

dns::RRsetView special_soa() {
  return {dns::Type::SOA, 1, false, kSoa};
}

}  // namespace meridian::query
