// Requests and answers, and the connections that they go over.
#include "kube/api.hpp"

#include <doctest/doctest.h>

#include <boost/json/parse.hpp>
#include <cstdint>
#include <set>

#include "asking.hpp"
#include "cluster.hpp"

namespace meridian::kube {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;
using namespace test;  // NOLINT: the words of asking.hpp

const std::string kConfigMap =
    R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"made","namespace":"default"},"data":{"a":"b"}})";
constexpr const char* kConfigMaps = "/api/v1/namespaces/default/configmaps";

TEST_CASE("an API server that answers") {
  auto& server = fresh_cluster();
  server.command("remove", {{"kind", "configmaps"}, {"name", "made"}});
  asio::io_context loop;
  Api api(loop, server.settings());
  CHECK(contains(api.describe(), "current context of /"));
  SUBCASE("gives what is asked for") {
    const auto answer = ask(loop, api, get("/version"));
    CHECK(answer.status == 200);
    CHECK(json::parse(answer.body).at("minor") == "34");
    CHECK_FALSE(answer.retry_after.has_value());
    CHECK(contains(api.describe(), server.url() + " (context test of /"));
  }
  SUBCASE("takes what is given") {
    CHECK(ask(loop, api, post(kConfigMaps, kConfigMap)).status == 201);
    auto patch = post(std::string(kConfigMaps) + "/made", R"({"data":{"a":"c"}})");
    patch.method = Method::Patch;
    patch.content_type = "application/merge-patch+json";
    CHECK(ask(loop, api, patch).status == 200);
    auto put = patch;
    put.method = Method::Put;
    put.content_type = "application/json";
    put.body = kConfigMap;
    CHECK(ask(loop, api, put).status == 200);
  }
  SUBCASE("says no, which is an answer") {
    const auto answer = ask(loop, api, get("/api/v1/namespaces/default/configmaps/none"));
    CHECK(answer.status == 404);
    CHECK(explain(answer) == "status 404: configmaps \"none\" not found");
  }
  SUBCASE("asks for patience") {
    server.command("fault", {{"path", "/version"}, {"status", 429}, {"retry_after", 7}});
    const auto answer = ask(loop, api, get("/version"));
    CHECK(answer.status == 429);
    CHECK(answer.retry_after == std::chrono::seconds(7));
  }
  SUBCASE("asks for something that is no patience") {
    server.command("fault", {{"path", "/version"}, {"status", 503}, {"headers", json::object{{"Retry-After", "-1"}}}});
    CHECK_FALSE(ask(loop, api, get("/version")).retry_after.has_value());
  }
  SUBCASE("sends us elsewhere, where we do not go") {
    server.command(
        "fault",
        {{"path", "/version"}, {"status", 307}, {"headers", json::object{{"Location", server.url() + "/api"}}}});
    CHECK(ask(loop, api, get("/version")).status == 307);
    CHECK(requests_of(server, "^/api$").empty());
  }
  SUBCASE("hears who asks") {
    ask(loop, api, get("/version"));
    CHECK(requests_of(server, "/version").at(0).at("agent") == "meridian/" MERIDIAN_VERSION);
  }
}

TEST_CASE("connections are kept") {
  auto& server = fresh_cluster();
  server.command("remove", {{"kind", "configmaps"}, {"name", "made"}});
  asio::io_context loop;
  Api api(loop, server.settings());
  const auto connections = [&] {
    std::set<std::int64_t> numbers;
    for (const auto& r : requests_of(server, "/version")) numbers.insert(r.at("connection").to_number<std::int64_t>());
    return numbers.size();
  };
  ask(loop, api, get("/version"));
  SUBCASE("and used again") {
    ask(loop, api, get("/version"));
    ask(loop, api, get("/version"));
    CHECK(connections() == 1);
  }
  SUBCASE("by streams too, which give them back when they were read to the end") {
    auto stream = run(loop, api.open(get("/version")));
    while (!run(loop, stream->read(std::chrono::seconds(10))).empty()) {
    }
    stream.reset();
    ask(loop, api, get("/version"));
    CHECK(connections() == 1);
  }
  SUBCASE("but not under a stream that is still open") {
    const auto stream = run(loop, api.open(get("/version")));
    ask(loop, api, get("/version"));
    CHECK(connections() == 2);
  }
  SUBCASE("one that was reset is not used") {
    server.command("reset_connections");
    CHECK(ask(loop, api, get("/version")).status == 200);
    CHECK(connections() == 2);
  }
  SUBCASE("a GET on one that ends without an answer is sent again on another") {
    for (const char* end : {"fin", "reset", "close"}) {
      CAPTURE(end);
      server.command("fault", {{"path", "/version"}, {"drop", end}});
      CHECK(ask(loop, api, get("/version")).status == 200);
    }
    CHECK(requests_of(server, "/version").size() == 7);
  }
  SUBCASE("but once only") {
    server.command("fault", {{"path", "/version"}, {"drop", "fin"}, {"times", 2}});
    CHECK(contains(why_not(loop, api, get("/version")), "waiting for an answer: the connection was cut"));
    CHECK(requests_of(server, "/version").size() == 3);
  }
  SUBCASE("a write is not sent again: it may have been done") {
    server.command("fault", {{"method", "POST"}, {"drop_after", "fin"}});
    CHECK(contains(why_not(loop, api, post(kConfigMaps, kConfigMap)), "waiting for an answer: the connection was cut"));
    CHECK(requests_of(server, kConfigMaps).size() == 1);
    CHECK_FALSE(server.command("object", {{"kind", "configmaps"}, {"name", "made"}}).is_null());
  }
}

TEST_CASE("an answer that does not come whole") {
  auto& server = fresh_cluster();
  asio::io_context loop;
  Api api(loop, server.settings());
  SUBCASE("is none") {
    for (const char* by : {"fin", "reset", "close"}) {
      CAPTURE(by);
      server.command("fault", {{"path", "/version"}, {"cut", 20}, {"cut_by", by}});
      CHECK(contains(why_not(loop, api, get("/version")), server.url()));
      server.command("fault", {{"path", "/version"}, {"cut_response", 9}, {"cut_by", by}});
      CHECK(contains(why_not(loop, api, get("/version")), "the connection was cut"));
    }
  }
  SUBCASE("in time is none either") {
    server.command("fault", {{"path", "/version"}, {"hang", true}, {"times", 2}});
    const auto why = why_not(loop, api, within(std::chrono::milliseconds(100), get("/version")));
    CHECK(contains(why, server.url()));
    CHECK(contains(why, "waiting for an answer: there is no answer in time"));
    server.command("clear_faults");
    server.command("fault", {{"path", "/version"}, {"half_open", 10}});
    CHECK(contains(why_not(loop, api, within(std::chrono::milliseconds(100), get("/version"))),
                   "reading its answer: there is no answer in time"));
  }
}

TEST_CASE("long answers") {
  auto& server = fresh_cluster();
  asio::io_context loop;
  Api api(loop, server.settings());
  const auto put_annotated = [&](int count, std::size_t size) {
    for (int i = 0; i < count; ++i) {
      const auto name = "big-" + std::to_string(i);
      put_entry(server, "big", name);
      server.command("patch", {{"kind", "se"},
                               {"namespace", "big"},
                               {"name", name},
                               {"patch", {{"metadata", {{"annotations", {{"a", std::string(size, 'x')}}}}}}}});
    }
  };
  SUBCASE("come by gzip") {
    put_annotated(3, 100'000);
    const auto answer = ask(loop, api, get(kEntries));
    CHECK(json::parse(answer.body).at("items").as_array().size() == 3);
    CHECK(requests_of(server, kEntries).at(0).at("headers").at("accept-encoding") == "gzip");
  }
  SUBCASE("of more than 16 MiB are refused, however small they were packed") {
    put_annotated(17, 1 << 20);
    CHECK(contains(why_not(loop, api, within(std::chrono::seconds(30), get(kEntries))),
                   "its answer is longer than 16 MiB"));
    CHECK(ask(loop, api, get("/version")).status == 200);
  }
}

}  // namespace
}  // namespace meridian::kube
