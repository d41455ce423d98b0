#include "kube/event.hpp"

#include <array>
#include <boost/json.hpp>
#include <cstdio>

#include "kube/readable.hpp"
#include "kube/timestamp.hpp"

namespace meridian::kube {
namespace {

namespace json = boost::json;

constexpr const char* kComponent = "meridian";
constexpr std::size_t kLongestName = 253;      // of any object
constexpr std::size_t kLongestInstance = 128;  // of reportingInstance

std::string event_name(std::string name, std::uint64_t unique) {
  std::array<char, 20> end{};
  std::snprintf(end.data(), end.size(), ".%llx", static_cast<unsigned long long>(unique));
  const std::string_view suffix = end.data();
  name.resize(std::min(name.size(), kLongestName - suffix.size()));
  while (!name.empty() && (name.back() == '.' || name.back() == '-')) name.pop_back();  // RFC 1123: not before a dot
  return name.append(suffix);
}

}  // namespace

Request post_event(const Event& event, const EventSource& source, std::uint64_t unique) {
  const std::string instance = readable(source.instance, kLongestInstance);
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
      {"firstTimestamp", to_seconds(event.first)},
      {"lastTimestamp", to_seconds(event.last)},
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
