#pragma once
// Messages written as readable text, for the rows of tests, and the message that such a text stands for.

#include <doctest/doctest.h>

#include <cstdint>
#include <meridian/dns/name.hpp>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace meridian::dns::test {

using Octets = std::vector<std::uint8_t>;

// Hexadecimal digits, in groups as you like, and names between apostrophes: "1234 0100 'httpbin.bar.global' 0001".
// A name ends with its root label: ' . ' is the root; labels that end otherwise are written in hexadecimal digits.
inline Octets wire(std::string_view text) {
  Octets octets;
  const auto nibble = [](char c) -> unsigned {
    if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
    if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a') + 10;
    throw std::invalid_argument(std::string("not a hexadecimal digit: ") + c);
  };
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == ' ') {
      ++at;
    } else if (text[at] == '\'') {
      const auto end = text.find('\'', at + 1);
      const auto name = Name::from_text(text.substr(at + 1, end - at - 1));
      if (!name) throw std::invalid_argument(std::string(to_text(name.error())));
      octets.insert(octets.end(), name->wire().begin(), name->wire().end());
      at = end + 1;
    } else {
      octets.push_back(static_cast<std::uint8_t>(nibble(text.at(at)) << 4 | nibble(text.at(at + 1))));
      at += 2;
    }
  }
  return octets;
}

inline Octets octets(std::span<const std::uint8_t> span) {
  return {span.begin(), span.end()};
}

inline std::string repeat(std::string_view text, std::size_t times) {
  std::string all;
  for (; times > 0; --times) all += text;
  return all;
}

}  // namespace meridian::dns::test

// So that doctest shows octets when they differ.
template <>
struct doctest::StringMaker<std::vector<std::uint8_t>> {
  static String convert(const std::vector<std::uint8_t>& octets) {
    constexpr char kDigits[] = "0123456789abcdef";
    std::string text;
    for (const auto octet : octets) text.append({kDigits[octet >> 4], kDigits[octet & 15]});
    return text.c_str();
  }
};
