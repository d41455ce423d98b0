#include "kube/readable.hpp"

namespace meridian::kube {
namespace {

// How many octets the UTF-8 character at the front of `text` has (RFC 3629, 4); 0: it is none, or a control character.
std::size_t character(std::string_view text) {
  const auto octet = [&](std::size_t i) { return static_cast<unsigned char>(i < text.size() ? text[i] : 0); };
  const unsigned first = octet(0), second = octet(1);
  if (first < 0x80) return first >= 0x20 && first != 0x7f;
  if (first < 0xc2 || first > 0xf4) return 0;
  const std::size_t length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  for (std::size_t i = 1; i < length; ++i) {
    if ((octet(i) & 0xc0) != 0x80) return 0;
  }
  const bool overlong = (first == 0xe0 && second < 0xa0) || (first == 0xf0 && second < 0x90);
  const bool no_scalar = (first == 0xed && second > 0x9f) || (first == 0xf4 && second > 0x8f);
  const bool control = first == 0xc2 && second < 0xa0;  // C1
  return overlong || no_scalar || control ? 0 : length;
}

}  // namespace

std::string readable(std::string_view text, std::size_t longest) {
  constexpr std::string_view kCut = "...", kDigits = "0123456789abcdef";
  std::string out;
  std::size_t room = 0;  // where a cut would be: the last end of a character that leaves room for the dots
  while (!text.empty()) {
    const std::size_t length = character(text);
    if (length > 0) {
      out += text.substr(0, length);
    } else {
      const auto octet = static_cast<unsigned char>(text[0]);
      out += {'\\', 'x', kDigits[octet >> 4], kDigits[octet & 15]};
    }
    text.remove_prefix(length > 0 ? length : 1);
    if (out.size() > longest) return out.substr(0, room).append(kCut);
    if (out.size() + kCut.size() <= longest) room = out.size();
  }
  return out;
}

}  // namespace meridian::kube
