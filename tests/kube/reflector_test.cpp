#include "kube/reflector.hpp"

#include <doctest/doctest.h>

#include "following.hpp"

using namespace meridian;
using namespace meridian::test;
using std::chrono::milliseconds;
using std::chrono::steady_clock;
namespace json = boost::json;

namespace {

void put(const ApiServer& server, const json::object& object) {
  server.command("put", {{"obj", object}});
}

void put_many(const ApiServer& server, json::array objects) {
  server.command("put_many", {{"objs", std::move(objects)}});
}

std::size_t requests(const ApiServer& server, const std::string& verb, const std::string& path = "configmaps") {
  return server.command("requests", {{"verb", verb}, {"path", path}}).as_array().size();
}

TEST_CASE("a collection is listed and then watched") {
  const ApiServer server;
  put_many(server, {config_map("a", "1"), config_map("b", "2"), config_map("c", "3", "elsewhere")});
  Following following(server);
  following.until_text("a=1 b=2");
  CHECK(following.state().listed);
  CHECK(following.state().up);
  CHECK(following.state().version == "v1");
  following.until_watching();
  put(server, config_map("d", "4"));
  following.until_text("a=1 b=2 d=4");
  put(server, config_map("a", "5"));
  following.until_text("a=5 b=2 d=4");
  server.command("remove", {{"kind", "configmaps"}, {"name", "b"}});
  following.until_text("a=5 d=4");
  CHECK(following.state().events == 3);
  CHECK(following.state().lists == 1);
  CHECK(following.state().watches == 1);
  CHECK(following.state().failures == 0);
  const auto asked = server.command("requests", {{"verb", "watch"}});
  const auto& query = asked.at(0).at("query").as_object();
  CHECK(query.at("allowWatchBookmarks") == "true");
  const auto seconds = std::stoi(std::string(query.at("timeoutSeconds").as_string()));
  CHECK(seconds >= 300);
  CHECK(seconds <= 600);
}

TEST_CASE("a list comes in pages, compressed, and is one list") {
  const ApiServer server;
  json::array all;
  for (int i = 0; i < 1201; ++i) all.push_back(config_map("c" + std::to_string(10000 + i), std::string(300, 'x')));
  put_many(server, std::move(all));
  Following following(server);
  REQUIRE(following.until([&] { return following.state().listed; }));
  CHECK(following.mirror.held.size() == 1201);
  CHECK(following.mirror.lists == 1);
  CHECK(requests(server, "list") == 3);

  SUBCASE("one whose pages expire begins anew") {
    server.command("fault", {{"verb", "list"}, {"query", "continue"}, {"expired", true}});
    following.reflector.relist();
    REQUIRE(following.until([&] { return following.state().lists == 2; }));
    CHECK(following.mirror.held.size() == 1201);
    CHECK(following.state().expired == 1);
    CHECK(following.state().failures == 0);
    CHECK(requests(server, "list") == 3 + 2 + 3);
  }
  SUBCASE("one that breaks off begins anew") {
    server.command("fault", {{"verb", "list"}, {"query", "continue"}, {"cut", 9000}});
    following.reflector.relist();
    REQUIRE(following.until([&] { return following.state().lists == 2; }));
    CHECK(following.mirror.held.size() == 1201);
    CHECK(following.state().failures == 1);
  }
}

TEST_CASE("a watch that ends is followed by one from where it ended") {
  const ApiServer server({"--bookmarks", "60"});
  put(server, config_map("a", "1"));
  Following following(server);
  following.until_watching();
  // A bookmark moves the position on, so that what is compacted meanwhile is not missed.
  put(server, config_map("x", "1", "elsewhere"));
  server.command("bookmark");
  put(server, config_map("a", "2"));
  following.until_text("a=2");
  for (const auto* how : {"end_watches", "reset_watches"}) {
    CAPTURE(how);
    const auto watches = following.state().watches;
    server.command(how);
    server.command("compact");
    REQUIRE(following.until([&] { return following.state().watches > watches; }));
    following.until_watching();
    put(server, config_map("a", how));
    following.until_text(std::string("a=") + how);
  }
  CHECK(following.state().lists == 1);
  CHECK(following.state().expired == 0);
  CHECK(following.state().up);
}

TEST_CASE("a position that the server has forgotten is one to list again for") {
  const ApiServer server;
  put_many(server, {config_map("a", "1"), config_map("b", "1")});
  Following following(server);
  following.until_watching();
  SUBCASE("told in the stream") {
    server.command("expire_watches");
  }
  SUBCASE("told as the answer") {
    server.command("fault", {{"verb", "watch"}, {"status", 410}, {"reason", "Expired"}});
    server.command("end_watches");
  }
  REQUIRE(following.until([&] { return following.state().lists == 2; }));
  CHECK(following.state().expired == 1);
  CHECK(following.state().failures == 0);
  CHECK(following.mirror.text() == "a=1 b=1");
}

TEST_CASE("what the server refuses is said, and asked for again") {
  const ApiServer server;
  put(server, service_entry("a", "240.0.0.1"));
  struct {
    std::string title;
    json::object fault;
    std::string trouble;
  } cases[] = {
      {"busy", {{"status", 429}, {"retry_after", 1}}, "status 429: "},
      {"broken", {{"status", 500}}, "etcdserver: leader changed"},
      {"unknown to it", {{"status", 401}, {"times", 3}}, "check the token"},
      {"not allowed", {{"status", 403}}, "resources: [serviceentries], verbs: [list, watch] in a ClusterRole"},
      {"no CRD", {{"status", 404}, {"times", 3}}, "kubectl get crd serviceentries.networking.istio.io"},
      {"a dead connection", {{"drop", "reset"}, {"times", 2}}, "did it restart?"},
      {"half a list", {{"cut", 70}}, "did it restart?"},
  };
  for (auto& each : cases) {
    CAPTURE(each.title);
    each.fault["verb"] = "list";
    each.fault["path"] = "serviceentries";
    server.command("fault", each.fault);
    const auto began = steady_clock::now();
    Following following(server, service_entries());
    REQUIRE(following.until([&] { return !following.state().trouble.empty(); }));
    CHECK_MESSAGE(following.state().trouble.find(each.trouble) != std::string::npos, following.state().trouble);
    CHECK_FALSE(following.state().up);
    CHECK(following.mirror.states == 1);
    REQUIRE(following.until([&] { return following.state().listed; }));
    CHECK(following.state().up);
    CHECK(following.state().trouble.empty());
    CHECK(following.mirror.held.size() == 1);
    CHECK(following.state().failures >= 1);
    if (each.fault.contains("retry_after")) CHECK(steady_clock::now() - began >= std::chrono::seconds(1));
  }
}

TEST_CASE("a CRD that goes and comes back") {
  const ApiServer server;
  put_many(server, {service_entry("a", "240.0.0.1"), service_entry("b", "240.0.0.2")});
  Following following(server, service_entries());
  following.until_watching();
  CHECK(following.state().version == "v1");
  server.command("delete_crd");
  REQUIRE(following.until([&] { return following.state().trouble.find("CRD") != std::string::npos; }));
  CHECK(following.mirror.held.empty());
  CHECK(following.state().lists == 1);  // a 404 is no empty list
  server.command("restore_crd");
  put(server, service_entry("c", "240.0.0.3"));
  REQUIRE(following.until([&] { return following.state().up && following.mirror.held.contains("c"); }));

  SUBCASE("in other versions") {
    server.command("serve_versions", {{"versions", {"v1alpha3", "v1beta1"}}});
    REQUIRE(following.until([&] { return following.state().version == "v1beta1"; }));
    following.until_watching();
    put(server, service_entry("d", "240.0.0.4"));
    REQUIRE(following.until([&] { return following.mirror.held.contains("d"); }));
  }
}

TEST_CASE("a stream that says what is no event") {
  const ApiServer server;
  put(server, config_map("a", "1"));
  Following following(server);
  following.until_watching();
  SUBCASE("an error that is no 410") {
    server.command("expire_watches", {{"code", 500}, {"message", "boom"}});
  }
  SUBCASE("something else than JSON") {
    server.command("inject", {{"text", "<html>\n"}});
  }
  SUBCASE("an object that is no event") {
    server.command("inject", {{"text", "{\"kind\":\"Status\"}\n"}});
  }
  SUBCASE("an object that is no JSON") {
    server.command("inject", {{"text", "{\"type\":\"ADDED\",nothing}\n"}});
  }
  put(server, config_map("b", "2"));
  following.until_text("a=1 b=2");
  CHECK(following.state().failures + following.state().skipped == 1);
}

}  // namespace
