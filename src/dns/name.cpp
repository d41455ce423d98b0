#include <algorithm>
#include <cassert>
#include <charconv>
#include <meridian/dns/name.hpp>
#include <optional>

#include "fold.hpp"

namespace meridian::dns {
namespace {

// Whether `wire` is one uncompressed name and nothing else.
bool is_name(std::span<const std::uint8_t> wire) {
  if (wire.empty() || wire.size() > kMaxName) return false;
  std::size_t at = 0;
  while (wire[at] != 0) {
    if (wire[at] > kMaxLabel) return false;
    at += 1u + wire[at];
    if (at >= wire.size()) return false;
  }
  return at + 1 == wire.size();
}

std::uint8_t octet(char c) {
  return static_cast<std::uint8_t>(c);
}

// Takes one character of presentation form off `text`; false for a backslash that is followed by nothing or by three
// digits that are no octet.
bool take_escaped(std::string_view& text, char& c) {
  const auto is_digit = [](char d) { return d >= '0' && d <= '9'; };
  text.remove_prefix(1);
  if (text.empty()) return false;
  if (!is_digit(text[0])) {
    c = text[0];
    text.remove_prefix(1);
    return true;
  }
  std::uint8_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + std::min<std::size_t>(3, text.size()), value);
  if (error != std::errc{} || end != text.data() + 3) return false;
  c = static_cast<char>(value);
  text.remove_prefix(3);
  return true;
}

}  // namespace

std::string_view to_text(NameError error) {
  switch (error) {
    case NameError::Empty:
      return "the name is empty";
    case NameError::EmptyLabel:
      return "a label is empty";
    case NameError::LabelTooLong:
      return "a label is longer than 63 octets";
    case NameError::NameTooLong:
      return "the name is longer than 255 octets";
    case NameError::BadEscape:
      return "a backslash is followed neither by a character nor by three digits up to 255";
  }
  return "unknown error";
}

Name::Name() : wire_(1, '\0') {}

boost::system::result<Name, NameError> Name::from_text(std::string_view text) {
  if (text.empty()) return NameError::Empty;
  if (text == ".") return Name();
  std::string wire(1, '\0');  // the length of the first label, filled in at its end
  std::size_t label = 0;      // where the current label's length is
  const auto close = [&]() -> std::optional<NameError> {
    const std::size_t length = wire.size() - label - 1;
    if (length == 0) return NameError::EmptyLabel;
    if (length > kMaxLabel) return NameError::LabelTooLong;
    wire[label] = static_cast<char>(length);
    label = wire.size();
    wire.push_back('\0');
    return std::nullopt;
  };
  while (!text.empty()) {
    if (text[0] == '.') {
      if (const auto error = close()) return *error;
      text.remove_prefix(1);
      continue;
    }
    char c = text[0];
    if (c != '\\') {
      text.remove_prefix(1);
    } else if (!take_escaped(text, c)) {
      return NameError::BadEscape;
    }
    wire.push_back(c);
  }
  if (label + 1 != wire.size()) {  // no final dot: the last label is still open
    if (const auto error = close()) return *error;
  }
  if (wire.size() > kMaxName) return NameError::NameTooLong;
  return Name(std::move(wire));
}

Name Name::from_wire(std::span<const std::uint8_t> wire) {
  assert(is_name(wire) && "the caller has checked that this is one uncompressed name");
  return Name(std::string(wire.begin(), wire.end()));
}

std::span<const std::uint8_t> Name::wire() const {
  return {reinterpret_cast<const std::uint8_t*>(wire_.data()), wire_.size()};
}

std::string Name::to_text() const {
  if (is_root()) return ".";
  constexpr std::string_view kSpecial = ".;()\\";  // would mean something in a master file (RFC 1035, 5.1)
  std::string text;
  text.reserve(wire_.size());
  for (std::size_t at = 0; wire_[at] != 0; at += 1u + octet(wire_[at])) {
    if (at > 0) text.push_back('.');
    for (const char c : std::string_view(wire_).substr(at + 1, octet(wire_[at]))) {
      if (kSpecial.find(c) != std::string_view::npos) {
        text.push_back('\\');
        text.push_back(c);
      } else if (c > ' ' && c <= '~') {
        text.push_back(c);
      } else {
        const unsigned value = octet(c);
        text.push_back('\\');
        for (const unsigned unit : {100u, 10u, 1u}) text.push_back(static_cast<char>('0' + value / unit % 10));
      }
    }
  }
  return text;
}

Name Name::folded() const {
  std::string wire(wire_.size(), '\0');
  fold(this->wire().data(), wire.size(), reinterpret_cast<std::uint8_t*>(wire.data()));
  return Name(std::move(wire));
}

std::size_t Name::labels() const {
  std::size_t count = 0;
  for (std::size_t at = 0; wire_[at] != 0; at += 1u + octet(wire_[at])) ++count;
  return count;
}

Name Name::parent() const {
  return is_root() ? *this : Name(wire_.substr(1u + octet(wire_[0])));
}

bool Name::is_within(const Name& apex) const {
  // A suffix of the octets is not enough: it must begin where a label begins.
  std::size_t at = 0;
  while (wire_.size() - at > apex.wire_.size()) at += 1u + octet(wire_[at]);
  if (wire_.size() - at != apex.wire_.size()) return false;
  for (std::size_t i = 0; i < apex.wire_.size(); ++i) {
    if (fold(octet(wire_[at + i])) != fold(octet(apex.wire_[i]))) return false;
  }
  return true;
}

boost::system::result<Name, NameError> Name::child(std::string_view label) const {
  if (label.empty()) return NameError::EmptyLabel;
  if (label.size() > kMaxLabel) return NameError::LabelTooLong;
  if (1 + label.size() + wire_.size() > kMaxName) return NameError::NameTooLong;
  std::string wire;
  wire.reserve(1 + label.size() + wire_.size());
  wire.push_back(static_cast<char>(label.size()));
  wire.append(label).append(wire_);
  return Name(std::move(wire));
}

FoldedName::FoldedName(const Name& name) : size(static_cast<std::uint8_t>(name.wire().size())) {
  const auto wire = name.wire();
  fold(wire.data(), wire.size(), octets.data());
  for (std::size_t at = 0; wire[at] != 0; at += 1u + wire[at]) offsets[labels++] = static_cast<std::uint8_t>(at);
}

}  // namespace meridian::dns
