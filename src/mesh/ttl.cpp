#include <meridian/mesh/ttl.hpp>

#include <charconv>
#include <cstdint>

namespace meridian::mesh {
namespace {

using std::chrono::milliseconds;

constexpr std::chrono::seconds kTtlLimit{std::int64_t{1} << 31};  // RFC 2181, 8

// Cuts the unit off the front of `text`; nothing: it begins with none.
std::optional<milliseconds> take_unit(std::string_view& text) {
  static constexpr struct {
    std::string_view name;
    milliseconds value;
  } kUnits[] = {{"ms", std::chrono::milliseconds(1)},  // before "m"
                {"s", std::chrono::seconds(1)},
                {"m", std::chrono::minutes(1)},
                {"h", std::chrono::hours(1)}};
  for (const auto& unit : kUnits) {
    if (!text.starts_with(unit.name)) continue;
    text.remove_prefix(unit.name.size());
    return unit.value;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::chrono::seconds> parse_ttl(std::string_view text) {
  if (text.empty()) return std::nullopt;
  milliseconds total{};
  while (!text.empty()) {
    std::uint64_t count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error != std::errc{}) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    const auto unit = take_unit(text);
    if (!unit) return std::nullopt;
    // Compared before multiplying, so that nothing overflows however many digits there are.
    if (count > static_cast<std::uint64_t>(milliseconds(kTtlLimit) / *unit)) return std::nullopt;
    total += *unit * static_cast<std::int64_t>(count);
    if (total >= kTtlLimit) return std::nullopt;
  }
  const auto ttl = std::chrono::ceil<std::chrono::seconds>(total);
  if (ttl >= kTtlLimit) return std::nullopt;
  return ttl;
}

}  // namespace meridian::mesh
