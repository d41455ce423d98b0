#include "source/plain_text.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include <spdlog/fmt/fmt.h>

namespace meridian::source {
namespace {

// The length of the character at `p`, or 0 if it is none: RFC 3629, 4, with its table of second octets, which rules
// out overlong forms, surrogates and what lies above U+10FFFF.
std::size_t character_length(const unsigned char* p, std::size_t left) {
  const auto tail = [&](std::size_t i) { return i < left && (p[i] & 0xc0) == 0x80; };
  if (p[0] < 0x80) return 1;
  if (p[0] < 0xc2) return 0;
  if (p[0] < 0xe0) return tail(1) ? 2 : 0;
  if (p[0] < 0xf0) {
    if (!tail(1) || !tail(2)) return 0;
    if (p[0] == 0xe0 && p[1] < 0xa0) return 0;
    if (p[0] == 0xed && p[1] > 0x9f) return 0;
    return 3;
  }
  if (p[0] > 0xf4 || !tail(1) || !tail(2) || !tail(3)) return 0;
  if (p[0] == 0xf0 && p[1] < 0x90) return 0;
  if (p[0] == 0xf4 && p[1] > 0x8f) return 0;
  return 4;
}

bool is_forbidden(unsigned char c) {
  return (c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7f;
}

// Eight octets of printable ASCII at once: nearly all of every file is that.
bool is_plain_block(const unsigned char* p) {
  std::uint64_t block;
  std::memcpy(&block, p, sizeof block);
  constexpr std::uint64_t kHigh = 0x8080808080808080;
  const std::uint64_t below_space = (block - 0x2020202020202020) & ~block & kHigh;
  const std::uint64_t is_delete = ((block ^ 0x7f7f7f7f7f7f7f7f) - 0x0101010101010101) & kHigh;
  return ((block & kHigh) | below_space | (is_delete & ~(block ^ 0x7f7f7f7f7f7f7f7f))) == 0;
}

}  // namespace

std::optional<BadOctet> find_bad_octet(std::string_view text) {
  const auto* p = reinterpret_cast<const unsigned char*>(text.data());
  std::size_t at = 0;
  const auto line = [&] {
    return 1 + static_cast<std::size_t>(std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n'));
  };
  while (at < text.size()) {
    if (text.size() - at >= 8 && is_plain_block(p + at)) {
      at += 8;
      continue;
    }
    if (is_forbidden(p[at]))
      return BadOctet{line(), fmt::format("control character 0x{:02x}: the file is no text; save it as UTF-8", p[at])};
    const auto length = character_length(p + at, text.size() - at);
    if (length == 0) return BadOctet{line(), fmt::format("octet 0x{:02x} is no UTF-8: save the file as UTF-8", p[at])};
    at += length;
  }
  return std::nullopt;
}

}  // namespace meridian::source
