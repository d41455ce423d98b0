#include "ledger/kube_line.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <charconv>
#include <cstdio>

namespace meridian::ledger {
namespace {

namespace json = boost::json;

// JSON's own escapes, and \u00XX for every other octet that is not printable ASCII.
std::string quoted(std::string_view octets) {
  std::string text = "\"";
  for (const char c : octets) {
    const auto octet = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      text.append(1, '\\').append(1, c);
    } else if (octet < 0x20 || octet > 0x7e) {
      char escaped[8];
      std::snprintf(escaped, sizeof escaped, "\\u%04x", octet);
      text += escaped;
    } else {
      text += c;
    }
  }
  return text + '"';
}

// Octets from UTF-8 whose characters are all below U+0100; nothing: others are among them.
std::optional<std::string> octets_of(std::string_view utf8) {
  std::string octets;
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    const auto lead = static_cast<unsigned char>(utf8[i]);
    if (lead < 0x80) {
      octets += utf8[i];
    } else if ((lead == 0xc2 || lead == 0xc3) && i + 1 < utf8.size()) {
      octets += static_cast<char>((lead & 0x03) << 6 | (utf8[++i] & 0x3f));
    } else {
      return std::nullopt;
    }
  }
  return octets;
}

std::optional<std::uint64_t> number_of(const json::value* value) {
  if (!value) return std::nullopt;
  boost::system::error_code wrong;
  const auto number = value->to_number<std::uint64_t>(wrong);
  if (wrong || number > kLastEpoch) return std::nullopt;
  return number;
}

}  // namespace

std::string key_of(const vip::Address& address) {
  auto key = address.to_string();
  std::ranges::replace(key, ':', '_');
  return key;
}

std::string value_of(const Line& line) {
  auto text = "{\"host\":" + quoted(line.record.host) + ",\"epoch\":" + std::to_string(line.epoch);
  if (!line.record.active)
    text += ",\"freed\":" + std::to_string(std::max<long long>(line.record.freed_for.count(), 0));
  return text + "}";
}

std::optional<Line> parse_line(std::string_view key, std::string_view value) {
  std::string text(key);
  std::ranges::replace(text, '_', ':');
  boost::system::error_code wrong;
  const auto address = boost::asio::ip::make_address(text, wrong);
  if (wrong || key_of(address) != key || key.find('%') != key.npos) return std::nullopt;  // no zone
  const auto parsed = json::parse({value.data(), value.size()}, wrong);
  if (wrong || !parsed.is_object()) return std::nullopt;
  const auto& object = parsed.get_object();
  const auto* host = object.if_contains("host");
  if (!host || !host->is_string()) return std::nullopt;
  auto octets = octets_of({host->get_string().data(), host->get_string().size()});
  const auto epoch = number_of(object.if_contains("epoch"));
  if (!octets || octets->empty() || !epoch) return std::nullopt;
  Line line{{address, std::move(*octets), true, {}}, *epoch};
  if (const auto* freed = object.if_contains("freed")) {
    const auto seconds = number_of(freed);
    if (!seconds) return std::nullopt;
    line.record.active = false;
    line.record.freed_for = std::chrono::seconds(*seconds);
  }
  return line;
}

std::optional<std::uint64_t> parse_epoch(std::string_view text) {
  std::uint64_t epoch = 0;
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), epoch);
  if (wrong != std::errc() || end != text.data() + text.size() || epoch > kLastEpoch) return std::nullopt;
  return epoch;
}

}  // namespace meridian::ledger
