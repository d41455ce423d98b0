#include "upstream/padding.hpp"

#include <algorithm>
#include <array>
#include <span>

#include <meridian/dns/types.hpp>

namespace meridian::upstream {
namespace {

constexpr std::size_t kOpt = 11;           // octets of an OPT record without options (RFC 6891, 6.1.2)
constexpr std::size_t kOptionHead = 4;     // code and length
constexpr std::uint8_t kPaddingCode = 12;  // RFC 7830, 3
constexpr std::size_t kAdditionalCount = 10;

bool ends_with_empty_opt(const std::vector<std::uint8_t>& query) {
  if (query.size() < dns::kHeaderSize + kOpt || query[kAdditionalCount] != 0 || query[kAdditionalCount + 1] != 1)
    return false;
  const auto* opt = query.data() + query.size() - kOpt;
  constexpr std::array<std::uint8_t, 3> kOwnerAndType = {0, 0, static_cast<std::uint8_t>(dns::Type::OPT)};
  return std::ranges::equal(kOwnerAndType, std::span(opt, 3)) && opt[kOpt - 2] == 0 && opt[kOpt - 1] == 0;
}

}  // namespace

void pad_query(std::vector<std::uint8_t>& query) {
  if (!ends_with_empty_opt(query)) return;
  const std::size_t least = query.size() + kOptionHead;
  const std::size_t padding = (kPaddingBlock - least % kPaddingBlock) % kPaddingBlock;
  query[query.size() - 1] = static_cast<std::uint8_t>(kOptionHead + padding);  // under 256
  query.insert(query.end(), {0, kPaddingCode, 0, static_cast<std::uint8_t>(padding)});
  query.resize(query.size() + padding);
}

}  // namespace meridian::upstream
