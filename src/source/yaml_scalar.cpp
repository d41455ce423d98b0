#include "source/yaml_scalar.hpp"

#include <charconv>
#include <cstdint>
#include <optional>

namespace meridian::source {
namespace {

using boost::json::value;

// The whole of `digits` in `base`, or nothing.
std::optional<std::uint64_t> whole_number(std::string_view digits, int base) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number, base);
  if (digits.empty() || error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return number;
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?
bool looks_like_number(std::string_view text) {
  std::size_t at = 0, digits = 0;
  const auto eat_digits = [&] {
    const auto from = at;
    while (at < text.size() && is_digit(text[at])) ++at;
    return at - from;
  };
  if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
  digits = eat_digits();
  if (at < text.size() && text[at] == '.') ++at, digits += eat_digits();
  if (digits == 0) return false;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
    if (eat_digits() == 0) return false;
  }
  return at == text.size();
}

value number_of(std::string_view text) {
  const bool negative = text.front() == '-';
  const auto unsigned_part = text.substr(negative || text.front() == '+' ? 1 : 0);
  if (const auto number = whole_number(unsigned_part, 10)) {
    if (!negative && *number > INT64_MAX) return value(*number);
    if (*number <= INT64_MAX) {
      const auto magnitude = static_cast<std::int64_t>(*number);
      return value(negative ? -magnitude : magnitude);
    }
  }
  double number = 0;
  const auto [end, error] = std::from_chars(unsigned_part.data(), unsigned_part.data() + unsigned_part.size(), number);
  if (error != std::errc() || end != unsigned_part.data() + unsigned_part.size()) return value(text);  // 1e999
  return value(negative ? -number : number);
}

}  // namespace

value plain_scalar(std::string_view text) {
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") return nullptr;
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  if (text.starts_with("0o"))
    if (const auto number = whole_number(text.substr(2), 8)) return value(*number);
  if (text.starts_with("0x"))
    if (const auto number = whole_number(text.substr(2), 16)) return value(*number);
  if (looks_like_number(text)) return number_of(text);
  return value(text);
}

}  // namespace meridian::source
