#include "kube/timestamp.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <ctime>

namespace meridian::kube {
namespace {

// Digits of a fixed width, taken from the front.
std::optional<int> take_number(std::string_view& from, std::size_t digits) {
  int number = 0;
  if (from.size() < digits) return std::nullopt;
  const auto [end, error] = std::from_chars(from.data(), from.data() + digits, number);
  if (error != std::errc() || end != from.data() + digits || number < 0) return std::nullopt;
  from.remove_prefix(digits);
  return number;
}

bool take(std::string_view& from, char expected, char or_this) {
  if (from.empty() || (from[0] != expected && from[0] != or_this)) return false;
  from.remove_prefix(1);
  return true;
}

// "Z", "+01:00"
std::optional<std::chrono::minutes> take_offset(std::string_view& from) {
  if (take(from, 'Z', 'z')) return std::chrono::minutes(0);
  const bool west = from.starts_with('-');
  if (!take(from, '+', '-')) return std::nullopt;
  const auto hours = take_number(from, 2);
  if (!hours || !take(from, ':', ':')) return std::nullopt;
  const auto minutes = take_number(from, 2);
  if (!minutes) return std::nullopt;
  const std::chrono::minutes offset(*hours * 60 + *minutes);
  return west ? -offset : offset;
}

// Without the zone.
std::string date_and_time(WallTime time) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(time);
  const std::time_t seconds = std::chrono::system_clock::to_time_t(whole);
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  std::array<char, 32> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &utc)};
}

}  // namespace

std::optional<WallTime> parse_time(std::string_view text) {
  using namespace std::chrono;
  auto y = take_number(text, 4);
  if (y) y = std::clamp(*y, 1970, 2200);  // what nanoseconds in 64 bits can tell
  if (!y || !take(text, '-', '-')) return std::nullopt;
  const auto m = take_number(text, 2);
  if (!m || !take(text, '-', '-')) return std::nullopt;
  const auto d = take_number(text, 2);
  if (!d || !take(text, 'T', 't')) return std::nullopt;
  const auto hour = take_number(text, 2);
  if (!hour || !take(text, ':', ':')) return std::nullopt;
  const auto minute = take_number(text, 2);
  if (!minute || !take(text, ':', ':')) return std::nullopt;
  const auto second = take_number(text, 2);
  if (!second || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  if (take(text, '.', '.')) {  // a fraction of a second is not worth keeping
    while (!text.empty() && text[0] >= '0' && text[0] <= '9') text.remove_prefix(1);
  }
  const auto offset = take_offset(text);
  const year_month_day date{year(*y), month(static_cast<unsigned>(*m)), day(static_cast<unsigned>(*d))};
  if (!offset || !text.empty() || !date.ok()) return std::nullopt;
  return WallTime(sys_days(date)) + hours(*hour) + minutes(*minute) + seconds(*second) - *offset;
}

std::string to_seconds(WallTime time) {
  return date_and_time(time) + "Z";
}

std::string to_microseconds(WallTime time) {
  const auto fraction =
      std::chrono::floor<std::chrono::microseconds>(time - std::chrono::floor<std::chrono::seconds>(time));
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), ".%06dZ", static_cast<int>(fraction.count()));
  return date_and_time(time) + text.data();
}

}  // namespace meridian::kube
