#include "form.hpp"

#include <array>
#include <charconv>
#include <cstddef>

namespace meridian::config {
namespace {

std::optional<std::uint64_t> digits(std::string_view text) {
  std::uint64_t n = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return n;
}

struct Unit {
  std::string_view name;
  std::uint64_t worth;
};
constexpr std::array<Unit, 4> kTimes = {{{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}}};
constexpr std::array<Unit, 4> kSizes = {{{"B", 1}, {"KiB", 1u << 10}, {"MiB", 1u << 20}, {"GiB", 1u << 30}}};

// A number and its unit, within the limits; in the smallest unit.
std::optional<std::uint64_t> quantity(std::string_view text, const std::array<Unit, 4>& units, std::uint64_t least,
                                      std::uint64_t most) {
  const auto split = text.find_first_not_of("0123456789");
  if (split == std::string_view::npos) return std::nullopt;
  const auto number = digits(text.substr(0, split));
  if (!number) return std::nullopt;
  for (const auto& unit : units) {
    if (text.substr(split) != unit.name) continue;
    if (*number > most / unit.worth || *number * unit.worth < least) return std::nullopt;
    return *number * unit.worth;
  }
  return std::nullopt;
}

std::string in_units(std::uint64_t n, const std::array<Unit, 4>& units) {
  auto unit = units.rbegin();
  while (n % unit->worth != 0) ++unit;
  return std::to_string(n / unit->worth) + std::string(unit->name);
}

}  // namespace

std::string to_text(milliseconds duration) {
  if (duration == milliseconds(0)) return "0s";  // divides by every unit
  return in_units(static_cast<std::uint64_t>(duration.count()), kTimes);
}

Form<bool> boolean() {
  Form<bool> form = one_of<bool>({{"true", true}, {"false", false}});
  form.expected += ", without quotes";
  form.bare = true;
  return form;
}

Form<std::uint64_t> integer(std::uint64_t least, std::uint64_t most) {
  return {"a whole number from " + std::to_string(least) + " to " + std::to_string(most),
          [=](std::string_view text) {
            const auto n = digits(text);
            return n && *n >= least && *n <= most ? n : std::nullopt;
          },
          true};
}

Form<unsigned> percent() {
  return {"a percentage from 0% to 100%", [](std::string_view text) -> std::optional<unsigned> {
            if (!text.ends_with('%')) return std::nullopt;
            const auto n = digits(text.substr(0, text.size() - 1));
            if (!n || *n > 100) return std::nullopt;
            return static_cast<unsigned>(*n);
          }};
}

Form<std::uint64_t> size(std::uint64_t least, std::uint64_t most) {
  return {
      "a size such as 64MiB (B, KiB, MiB or GiB), from " + in_units(least, kSizes) + " to " + in_units(most, kSizes),
      [=](std::string_view text) { return quantity(text, kSizes, least, most); }};
}

Form<milliseconds> duration(milliseconds least, milliseconds most) {
  return {"a duration such as 250ms, 30s, 5m or 1h, from " + to_text(least) + " to " + to_text(most),
          [=](std::string_view text) -> std::optional<milliseconds> {
            const auto n = quantity(text, kTimes, static_cast<std::uint64_t>(least.count()),
                                    static_cast<std::uint64_t>(most.count()));
            if (!n) return std::nullopt;
            return milliseconds(*n);
          }};
}

Form<seconds> whole_seconds(seconds least, seconds most) {
  auto any = duration(least, most);
  return {"a duration in whole seconds such as 30s, 5m or 1h, from " + to_text(least) + " to " + to_text(most),
          [parse = std::move(any.parse)](std::string_view text) -> std::optional<seconds> {
            const auto n = parse(text);
            if (!n || *n % seconds(1) != milliseconds(0)) return std::nullopt;
            return std::chrono::duration_cast<seconds>(*n);
          }};
}

Form<std::string> text(std::size_t longest, std::string expected) {
  return {std::move(expected), [longest](std::string_view text) -> std::optional<std::string> {
            if (text.size() > longest) return std::nullopt;
            return std::string(text);
          }};
}

Form<std::filesystem::path> path(std::string expected) {
  return {std::move(expected), [](std::string_view text) -> std::optional<std::filesystem::path> {
            if (text.empty() || text.find('\0') != text.npos) return std::nullopt;
            return std::filesystem::path(text);
          }};
}

// RFC 1035, 2.3.4 for the lengths; letters, digits, hyphens and underscores, because a zone with anything else in its
// name is a slip of the pen.
Form<std::string> domain() {
  return {"a domain name below the root such as global or cluster.local",
          [](std::string_view text) -> std::optional<std::string> {
            if (text.ends_with('.')) text.remove_suffix(1);
            if (text.empty() || text.size() > 253) return std::nullopt;
            std::string name;
            std::size_t label = 0;
            for (const char c : text) {
              const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
              if (c == '.') {
                if (label == 0) return std::nullopt;
                label = 0;
              } else if ((lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_') {
                if (++label > 63) return std::nullopt;
              } else {
                return std::nullopt;
              }
              name += lower;
            }
            if (label == 0) return std::nullopt;
            return name;
          }};
}

}  // namespace meridian::config
