#include "report.hpp"

#include <algorithm>
#include <utility>

namespace meridian::config {
namespace {

std::vector<Problem> in_file_order(std::vector<Problem> problems) {
  std::stable_sort(problems.begin(), problems.end(), [](const Problem& a, const Problem& b) {
    return std::pair(a.line, a.column) < std::pair(b.line, b.column);
  });
  return problems;
}

}  // namespace

void Report::error(std::string_view path, Place place, std::string text) {
  broken_.emplace(path);
  errors_.push_back({file_, place.line, place.column, std::move(text)});
}

void Report::warning(Place place, std::string text) {
  warnings_.push_back({file_, place.line, place.column, std::move(text)});
}

bool Report::sound(std::string_view path) const {
  for (auto it = broken_.lower_bound(path); it != broken_.end() && it->starts_with(path); ++it) {
    const char next = it->size() == path.size() ? '.' : (*it)[path.size()];
    if (next == '.' || next == '[') return false;  // the value itself or a part of it, not one with a longer name
  }
  return true;
}

std::optional<Place> Report::written(std::string_view path) const {
  const auto it = accepted_.find(path);
  if (it == accepted_.end()) return std::nullopt;
  return it->second;
}

Place Report::blame(std::initializer_list<std::string_view> paths) const {
  for (const auto path : paths)
    if (const auto place = written(path)) return *place;
  return {};
}

bool Report::spend(std::size_t values, Place place) {
  if (values > budget_) {
    if (budget_ > 0) error("", place, "too many aliases of aliases; write the values out");
    budget_ = 0;
    return false;
  }
  budget_ -= values;
  return true;
}

std::vector<Problem> Report::take_errors() {
  return in_file_order(std::move(errors_));
}
std::vector<Problem> Report::take_warnings() {
  return in_file_order(std::move(warnings_));
}

std::string escape(std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  for (const char c : text) {
    const auto octet = static_cast<unsigned char>(c);
    if (octet < 0x20 || octet == 0x7f) {
      out += {'\\', 'x', kHex[octet >> 4], kHex[octet & 15]};
    } else {
      out += c;
    }
  }
  return out;
}

std::string quote(std::string_view text) {
  constexpr std::size_t kLongest = 60;
  if (text.size() <= kLongest) return '"' + escape(text) + '"';
  std::size_t end = kLongest;
  while (end > 0 && (text[end] & 0xc0) == 0x80) --end;  // not in the middle of a character of UTF-8
  return '"' + escape(text.substr(0, end)) + "...\"";
}

}  // namespace meridian::config
