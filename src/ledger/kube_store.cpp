#include "ledger/kube_store.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <utility>

namespace meridian::ledger {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;

constexpr int kPage = 32;  // shards of a list: some six MiB of JSON
constexpr std::chrono::milliseconds kDeadline{5000};
constexpr std::chrono::milliseconds kListDeadline{20000};
constexpr int kListTries = 3;  // a continue token may expire between two pages

json::object parse_object(const std::string& body, const std::string& what) {
  boost::system::error_code wrong;
  auto value = json::parse(body, wrong);
  if (wrong || !value.is_object()) throw Unavailable(what + ": the API server's answer is no JSON object");
  return std::move(value.get_object());
}

}  // namespace

std::string ApiShardStore::path() const {
  return "/api/v1/namespaces/" + kube::percent_encode(ledger_.space) + "/configmaps";
}

asio::awaitable<kube::Response> ApiShardStore::send(kube::Request request) {
  try {
    co_return co_await api_.send(std::move(request));
  } catch (const kube::Unreachable& e) {
    throw Unavailable(e.what());
  } catch (const boost::system::system_error& e) {
    throw Unavailable(e.what());
  }
}

Unavailable ApiShardStore::refused(const kube::Response& response, const char* verb) const {
  auto why = "configmaps " + ledger_.space + "/" + ledger_.name + "-*: " + kube::explain(response);
  if (response.status == 403) {
    why += "; give our ServiceAccount a Role in namespace " + ledger_.space +
           " with resources [configmaps], verbs [get, list, watch, create, patch]; this was " + verb;
  }
  return Unavailable(why);
}

Shard ApiShardStore::parse(const std::string& body) const {
  const auto what = "configmaps " + ledger_.space + "/" + ledger_.name + "-*";
  auto shard = parse_shard(ledger_, parse_object(body, what));
  if (!shard) throw Unavailable(what + ": the API server's answer is no shard of this ledger");
  return std::move(*shard);
}

asio::awaitable<std::map<int, Shard>> ApiShardStore::list() {
  const auto selector = kube::percent_encode(std::string(kLedgerLabel) + "=" + ledger_.name);
  std::map<int, Shard> shards;
  std::string token;
  for (int tries = 0;;) {
    kube::Request request;
    request.target = path() + "?labelSelector=" + selector + "&limit=" + std::to_string(kPage);
    if (!token.empty()) request.target += "&continue=" + kube::percent_encode(token);
    request.deadline = kListDeadline;
    const auto response = co_await send(std::move(request));
    if (response.status == 410 && ++tries < kListTries) {
      shards.clear();
      token.clear();
      continue;
    }
    if (response.status != 200) throw refused(response, "list");
    const auto page = parse_object(response.body, "configmaps " + ledger_.space);
    if (const auto* items = page.if_contains("items"); items && items->is_array()) {
      for (const auto& item : items->get_array()) {
        if (!item.is_object()) continue;
        if (auto shard = parse_shard(ledger_, item.get_object())) shards.insert_or_assign(shard->number, *shard);
      }
    }
    token.clear();
    if (const auto* metadata = page.if_contains("metadata"); metadata && metadata->is_object()) {
      const auto* next = metadata->get_object().if_contains("continue");
      if (next && next->is_string()) token = std::string(next->get_string());
    }
    if (token.empty()) co_return shards;
  }
}

asio::awaitable<std::optional<Shard>> ApiShardStore::get(int number) {
  kube::Request request;
  request.target = path() + "/" + kube::percent_encode(shard_name(ledger_, number));
  request.deadline = kDeadline;
  const auto response = co_await send(std::move(request));
  if (response.status == 404) co_return std::nullopt;
  if (response.status != 200) throw refused(response, "get");
  co_return parse(response.body);
}

asio::awaitable<std::optional<Shard>> ApiShardStore::create(ShardWrite write) {
  kube::Request request;
  request.method = kube::Method::Post;
  request.target = path() + "?fieldManager=meridian";
  request.content_type = "application/json";
  request.body = config_map(ledger_, write);
  request.deadline = kDeadline;
  const auto response = co_await send(std::move(request));
  if (response.status == 409) co_return std::nullopt;
  if (response.status != 201 && response.status != 200) throw refused(response, "create");
  co_return parse(response.body);
}

asio::awaitable<std::optional<Shard>> ApiShardStore::patch(ShardWrite write, std::string version) {
  kube::Request request;
  request.method = kube::Method::Patch;
  request.target = path() + "/" + kube::percent_encode(shard_name(ledger_, write.number)) + "?fieldManager=meridian";
  request.content_type = "application/merge-patch+json";
  request.body = merge_patch(ledger_, write, version);
  request.deadline = kDeadline;
  const auto response = co_await send(std::move(request));
  if (response.status == 409 || response.status == 404) co_return std::nullopt;
  if (response.status != 200) throw refused(response, "patch");
  co_return parse(response.body);
}

}  // namespace meridian::ledger
