#include "kube/readable.hpp"

namespace meridian::kube {

std::string readable(std::string_view text, std::size_t most) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string written;
  for (const char c : text.substr(0, most)) {
    const auto octet = static_cast<unsigned char>(c);
    if (octet >= 0x20 && octet != 0x7f) {
      written += c;
    } else {
      written += {'\\', 'x', kDigits[octet >> 4], kDigits[octet & 15]};
    }
  }
  return text.size() > most ? written + "..." : written;
}

}  // namespace meridian::kube
