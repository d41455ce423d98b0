#include "kube/collection.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <boost/algorithm/string/join.hpp>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <stdexcept>
#include <utility>

#include "kube/object_scanner.hpp"
#include "kube/refusal.hpp"

namespace meridian::kube {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;
using std::chrono::milliseconds;

constexpr milliseconds kHeadDeadline{20000};  // of a page or a watch: a server that is busy lets them wait
constexpr milliseconds kPageSilence{20000};
constexpr unsigned kPageSize = 500;
constexpr std::size_t kLongestRefusal = 64 << 10;

// Of an APIGroup, as GET /apis/GROUP shows it.
std::vector<std::string> served_versions(const std::string& body) {
  std::vector<std::string> names;
  json::error_code error;
  const auto group = json::parse(body, error);
  const auto* object = error ? nullptr : group.if_object();
  const auto* versions = object ? object->if_contains("versions") : nullptr;
  const auto* array = versions ? versions->if_array() : nullptr;
  if (!array) throw std::runtime_error("the API server does not say which versions of its group it has");
  for (const auto& each : *array)
    if (const auto* version = each.if_object()) names.emplace_back(text_at(*version, "version"));
  return names;
}

}  // namespace

Collection::Collection(Api& api, Resource resource, std::uint64_t object_size)
    : api_(api), resource_(std::move(resource)), object_size_(object_size) {}

asio::awaitable<std::vector<std::string>> Collection::versions() {
  auto wanted = resource_.versions;
  if (resource_.group.empty() || wanted.size() == 1) co_return wanted;
  Request request;  // has a name: g++ 12 destroys an aggregate twice that is made inside a co_await
  request.target = "/apis/" + resource_.group;
  const auto response = co_await api_.send(std::move(request));
  if (response.status != 200) throw refusal_of(resource_, response);
  const auto served = served_versions(response.body);
  std::erase_if(wanted, [&](const std::string& version) { return std::ranges::count(served, version) == 0; });
  if (wanted.empty()) {
    throw Refusal(fmt::format("{}: the API server has of its versions only {}, and we read {}", resource_.group,
                              boost::join(served, ", "), boost::join(resource_.versions, ", ")),
                  404);
  }
  co_return wanted;
}

asio::awaitable<json::object> Collection::page(std::string version, std::string next, ObjectReader& items) {
  std::string query = "limit=" + std::to_string(kPageSize);
  if (!next.empty()) query += "&continue=" + percent_encode(next);
  const auto stream = co_await open(std::move(version), std::move(query));
  ObjectScanner scanner(ObjectScanner::Form::List, object_size_, items);
  for (;;) {
    const auto octets = co_await stream->read(kPageSilence);
    if (octets.empty()) co_return scanner.finish();
    scanner.feed(octets);
  }
}

asio::awaitable<std::unique_ptr<Stream>> Collection::watch(std::string version, std::string position) {
  // Random, so that a thousand watches that began together do not end together.
  const auto seconds = std::uniform_int_distribution(300, 600)(random_);
  co_return co_await open(std::move(version),
                          fmt::format("watch=1&allowWatchBookmarks=true&resourceVersion={}&timeoutSeconds={}",
                                      percent_encode(position), seconds));
}

asio::awaitable<std::unique_ptr<Stream>> Collection::open(std::string version, std::string query) {
  Request request;
  request.deadline = kHeadDeadline;
  auto& target = request.target;
  target = (resource_.group.empty() ? "/api/" : "/apis/" + resource_.group + "/") + version;
  if (!resource_.space.empty()) target += "/namespaces/" + percent_encode(resource_.space);
  target += "/" + resource_.plural + "?" + query;
  if (!resource_.label_selector.empty()) target += "&labelSelector=" + percent_encode(resource_.label_selector);
  if (!resource_.field_selector.empty()) target += "&fieldSelector=" + percent_encode(resource_.field_selector);
  auto stream = co_await api_.open(std::move(request));
  if (stream->status() == 200) co_return stream;
  Response response{stream->status(), {}, stream->retry_after()};
  while (response.body.size() < kLongestRefusal) {
    const auto octets = co_await stream->read(kPageSilence);
    if (octets.empty()) break;
    response.body += octets;
  }
  throw refusal_of(resource_, response);
}

}  // namespace meridian::kube
