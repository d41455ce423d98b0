#include "kube/base64.hpp"

#include <cstdint>

namespace meridian::kube {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

}  // namespace

std::string encode_base64(std::string_view octets) {
  std::string text;
  for (std::size_t i = 0; i < octets.size(); i += 3) {
    std::uint32_t three = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      three = three << 8 | (i + k < octets.size() ? static_cast<std::uint8_t>(octets[i + k]) : 0);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      text += i + k <= octets.size() ? kAlphabet[three >> (18 - 6 * k) & 63] : '=';
    }
  }
  return text;
}

std::optional<std::string> decode_base64(std::string_view text) {
  std::string octets;
  std::uint32_t bits = 0;
  unsigned characters = 0, padding = 0;
  for (const char c : text) {
    if (c == ' ' || c == '\n' || c == '\r' || c == '\t') continue;
    const auto value = kAlphabet.find(c);
    if (c == '=') {
      ++padding;
    } else if (value == std::string_view::npos || padding != 0) {
      return std::nullopt;
    }
    ++characters;
    bits = bits << 6 | (c == '=' ? 0 : static_cast<std::uint32_t>(value));
    if (characters % 4 != 0) continue;
    for (const unsigned shift : {16u, 8u, 0u}) octets += static_cast<char>(bits >> shift & 255);
  }
  if (characters % 4 != 0 || padding > 2) return std::nullopt;
  octets.resize(octets.size() - padding);
  return octets;
}

}  // namespace meridian::kube
