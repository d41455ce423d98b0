#include "kube/event.hpp"

#include <array>
#include <boost/json.hpp>
#include <cstdio>
#include <ctime>

namespace meridian::kube {
namespace {

namespace json = boost::json;

constexpr const char* kComponent = "meridian";
constexpr std::size_t kLongestName = 253;      // of any object
constexpr std::size_t kLongestInstance = 128;  // of reportingInstance

// metav1.Time: RFC 3339 in UTC, whole seconds.
std::string stamp(Event::Time time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  std::array<char, 32> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &utc)};
}

std::string event_name(std::string name, std::uint64_t unique) {
  std::array<char, 20> end{};
  std::snprintf(end.data(), end.size(), ".%llx", static_cast<unsigned long long>(unique));
  const std::string_view suffix = end.data();
  name.resize(std::min(name.size(), kLongestName - suffix.size()));
  while (!name.empty() && (name.back() == '.' || name.back() == '-')) name.pop_back();  // RFC 1123: not before a dot
  return name.append(suffix);
}

// How many octets the UTF-8 character at the front of `text` has (RFC 3629, 4); 0: it is none, or a control character.
std::size_t character(std::string_view text) {
  const auto octet = [&](std::size_t i) { return static_cast<unsigned char>(i < text.size() ? text[i] : 0); };
  const unsigned first = octet(0), second = octet(1);
  if (first < 0x80) return first >= 0x20 && first != 0x7f;
  if (first < 0xc2 || first > 0xf4) return 0;
  const std::size_t length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  for (std::size_t i = 1; i < length; ++i) {
    if ((octet(i) & 0xc0) != 0x80) return 0;
  }
  const bool overlong = (first == 0xe0 && second < 0xa0) || (first == 0xf0 && second < 0x90);
  const bool no_scalar = (first == 0xed && second > 0x9f) || (first == 0xf4 && second > 0x8f);
  const bool control = first == 0xc2 && second < 0xa0;  // C1
  return overlong || no_scalar || control ? 0 : length;
}

}  // namespace

std::string printable(std::string_view text, std::size_t longest) {
  constexpr std::string_view kCut = "...";
  std::string out;
  std::size_t room = 0;  // where a cut would be: the last end of a character that leaves room for the dots
  while (!text.empty()) {
    const std::size_t length = character(text);
    if (length > 0) {
      out += text.substr(0, length);
    } else {
      std::array<char, 5> escaped{};
      std::snprintf(escaped.data(), escaped.size(), "\\x%02X", static_cast<unsigned char>(text[0]));
      out += escaped.data();
    }
    text.remove_prefix(length > 0 ? length : 1);
    if (out.size() > longest) return out.substr(0, room).append(kCut);
    if (out.size() + kCut.size() <= longest) room = out.size();
  }
  return out;
}

Request post_event(const Event& event, const EventSource& source, std::uint64_t unique) {
  const std::string instance = printable(source.instance, kLongestInstance);
  const json::object body{
      {"apiVersion", "v1"},
      {"kind", "Event"},
      {"metadata", {{"name", event_name(event.entry.name, unique)}, {"namespace", event.entry.space}}},
      {"involvedObject",
       {{"apiVersion", "networking.istio.io/" + source.version},
        {"kind", "ServiceEntry"},
        {"namespace", event.entry.space},
        {"name", event.entry.name},
        {"uid", event.entry.uid}}},
      {"type", "Warning"},
      {"reason", event.reason},
      {"message", event.text},
      {"firstTimestamp", stamp(event.first)},
      {"lastTimestamp", stamp(event.last)},
      {"count", event.count},
      {"source", {{"component", kComponent}, {"host", instance}}},
      {"reportingComponent", kComponent},
      {"reportingInstance", instance},
  };
  return {.method = Method::Post,
          .target = "/api/v1/namespaces/" + percent_encode(event.entry.space) + "/events",
          .body = json::serialize(body),
          .content_type = "application/json"};
}

}  // namespace meridian::kube
