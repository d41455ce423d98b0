#include <meridian/mesh/timestamp.hpp>

#include <cstdio>

namespace meridian::mesh {
namespace {

using namespace std::chrono;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Reads a fixed layout from left to right; once something does not fit, everything after it fails too.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : rest_(text) {}

  // Exactly `digits` digits.
  int number(std::size_t digits) {
    int value = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      if (rest_.empty() || !is_digit(rest_.front())) return fail();
      value = value * 10 + (rest_.front() - '0');
      rest_.remove_prefix(1);
    }
    return value;
  }
  // One of `wanted`, which is then returned.
  char one_of(std::string_view wanted) {
    if (rest_.empty() || wanted.find(rest_.front()) == wanted.npos) return static_cast<char>(fail());
    const char found = rest_.front();
    rest_.remove_prefix(1);
    return found;
  }
  // ".25" or nothing at all; digits below the nanosecond are dropped.
  nanoseconds fraction() {
    if (rest_.empty() || rest_.front() != '.') return {};
    rest_.remove_prefix(1);
    if (rest_.empty() || !is_digit(rest_.front())) fail();
    nanoseconds total{};
    for (nanoseconds unit = 100ms; !rest_.empty() && is_digit(rest_.front()); unit /= 10, rest_.remove_prefix(1)) {
      total += unit * (rest_.front() - '0');
    }
    return total;
  }
  bool complete() const { return good_ && rest_.empty(); }

 private:
  int fail() {
    good_ = false;
    rest_ = {};
    return 0;
  }
  std::string_view rest_;
  bool good_ = true;
};

}  // namespace

std::optional<system_clock::time_point> parse_timestamp(std::string_view text) {
  Cursor in(text);
  const year year_part{in.number(4)};
  in.one_of("-");
  const month month_part{static_cast<unsigned>(in.number(2))};
  in.one_of("-");
  const day day_part{static_cast<unsigned>(in.number(2))};
  in.one_of("Tt");
  const int hour = in.number(2);
  in.one_of(":");
  const int minute = in.number(2);
  in.one_of(":");
  const int second = in.number(2);
  const nanoseconds fraction = in.fraction();
  const char sign = in.one_of("Zz+-");
  minutes offset{};
  if (sign == '+' || sign == '-') {
    offset = hours(in.number(2));
    in.one_of(":");
    offset += minutes(in.number(2));
    if (sign == '-') offset = -offset;
  }
  const year_month_day date = year_part / month_part / day_part;
  if (!in.complete() || !date.ok()) return std::nullopt;
  if (abs(offset) >= 24h || hour > 23 || minute > 59 || second > 60) return std::nullopt;  // 60: a leap second
  if (year_part < year{1678} || year_part > year{2261}) return std::nullopt;
  return sys_days{date} + hours(hour) + minutes(minute) + seconds(second) + fraction - offset;
}

std::string to_timestamp(system_clock::time_point moment) {
  const auto midnight = floor<days>(moment);
  const year_month_day date{midnight};
  const hh_mm_ss<nanoseconds> time{moment - midnight};
  char text[64];
  int size = std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d", static_cast<int>(date.year()),
                           static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                           static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                           static_cast<int>(time.seconds().count()));
  std::string out(text, static_cast<std::size_t>(size));
  if (const auto fraction = time.subseconds().count(); fraction != 0) {
    size = std::snprintf(text, sizeof text, ".%09lld", static_cast<long long>(fraction));
    out.append(text, static_cast<std::size_t>(size));
  }
  return out + "Z";
}

}  // namespace meridian::mesh
