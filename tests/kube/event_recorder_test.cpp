#include "kube/event_recorder.hpp"

#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>
#include <memory>

#include "cluster.hpp"
#include "running.hpp"

namespace meridian::kube {
namespace {

namespace json = boost::json;

struct RecorderRun {
  explicit RecorderRun(const config::Kubernetes& settings) : api(loop, settings), recorder(loop, api, "meridian-0") {
    recorder.enable(true);
  }
  bool wait_for(std::uint64_t sent, std::uint64_t dropped = 0) {
    return test::run_until(loop, [&] { return recorder.sent() == sent && recorder.dropped() == dropped; });
  }

  boost::asio::io_context loop;
  Api api;
  EventRecorder recorder;
};

json::value events_of(const test::ApiServer& cluster, const std::string& space) {
  return cluster.command("objects", {{"kind", "events"}, {"namespace", space}});
}

// The messages of all Events of a namespace, in the order of their names: by entry, then by time.
std::string told(const test::ApiServer& cluster, const std::string& space) {
  const auto events = events_of(cluster, space);
  std::string all;
  for (const auto& event : events.as_array()) all += std::string(event.at("message").as_string()) + ";";
  return all;
}

void forget_events(const test::ApiServer& cluster, const std::string& space) {
  const auto events = events_of(cluster, space);
  for (const auto& event : events.as_array()) {
    cluster.command("remove", {{"kind", "events"}, {"name", event.at("metadata").at("name")}, {"namespace", space}});
  }
}

TEST_CASE("the owner of an entry is told") {
  const auto& cluster = test::fresh_cluster();
  forget_events(cluster, "prod");
  RecorderRun run(cluster.settings());
  const auto entry = test::put_entry(cluster, "prod", "reviews");
  SUBCASE("by an Event on it") {
    run.recorder.serve_version("v1beta1");
    run.recorder.warn(entry, "VipConflict", "two\nlines");
    REQUIRE(run.wait_for(1));
    const auto events = events_of(cluster, "prod");
    const auto& event = events.at(0);
    CHECK(event.at("involvedObject").at("uid") == json::value(entry.uid));
    CHECK(event.at("involvedObject").at("apiVersion") == "networking.istio.io/v1beta1");
    CHECK(event.at("reason") == "VipConflict");
    CHECK(event.at("message") == "two\\x0alines");
    CHECK(event.at("source").at("host") == "meridian-0");
  }
  SUBCASE("once") {
    run.recorder.warn(entry, "VipConflict", "again");
    run.recorder.warn(entry, "VipConflict", "again");
    run.recorder.warn(entry, "VipConflict", "marker");
    REQUIRE(run.wait_for(2));
    run.recorder.warn(entry, "VipConflict", "again");
    run.recorder.warn(entry, "VipConflict", "second marker");
    REQUIRE(run.wait_for(3));
    CHECK(told(cluster, "prod") == "again;marker;second marker;");
  }
  SUBCASE("what was found out before there was a holder of the Lease") {
    run.recorder.enable(false);
    run.recorder.warn(entry, "VipConflict", "early");
    run.loop.run_for(test::kTestDeadline);
    CHECK(run.loop.stopped());  // there is nothing that would ever send it
    CHECK(test::requests(cluster, "POST", "/events") == 0);
    run.recorder.enable(true);
    CHECK(run.wait_for(1));
  }
}

TEST_CASE("an Event that the server does not take") {
  const auto& cluster = test::fresh_cluster();
  forget_events(cluster, "prod");
  RecorderRun run(cluster.settings());
  const auto entry = test::put_entry(cluster, "prod", "reviews");
  const struct {
    const char* title;
    json::object fault;
    std::uint64_t dropped;
    const char* told;
  } cases[] = {
      {"is dropped when it is forbidden, and the next is tried", {{"status", 403}}, 1, "b;"},
      {"is dropped when its namespace has gone", {{"status", 404}}, 1, "b;"},
      {"is dropped when a webhook denies it", {{"webhook", "policy.example"}}, 1, "b;"},
      {"has another name the next time", {{"status", 409}}, 0, "a;b;"},
      {"is tried again after a 500", {{"status", 500}}, 0, "a;b;"},
      {"is tried again when the server asks for time", {{"status", 429}, {"retry_after", 1}}, 0, "a;b;"},
      {"is tried again without an answer", {{"drop", "reset"}}, 0, "a;b;"},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      auto fault = c.fault;
      fault["method"] = "POST";
      fault["path"] = "/events";
      cluster.command("fault", fault);
      run.recorder.warn(entry, "VipConflict", "a");
      run.recorder.warn(entry, "VipConflict", "b");
      REQUIRE(run.wait_for(2 - c.dropped, c.dropped));
      CHECK(told(cluster, "prod") == c.told);
    }
  }
  SUBCASE("waits for the server to come back") {
    cluster.command("stop");
    run.recorder.warn(entry, "VipConflict", "a");
    for (int i = 0; i < 50; ++i) run.loop.run_one_for(std::chrono::milliseconds(10));
    cluster.command("start");
    CHECK(run.wait_for(1));
  }
}

TEST_CASE("Events are dropped, and counted, when too many wait") {
  const auto& cluster = test::fresh_cluster();
  RecorderRun run(cluster.settings());
  for (int i = 0; i < 1003; ++i) run.recorder.warn({"prod", "reviews", "1"}, "VipConflict", std::to_string(i));
  CHECK(run.recorder.dropped() == 3);
}

TEST_CASE("a recorder may be destroyed at any moment") {
  const auto& cluster = test::fresh_cluster();
  const auto entry = test::put_entry(cluster, "prod", "reviews");
  cluster.command("fault", {{"method", "POST"}, {"path", "/events"}, {"status", 503}, {"times", nullptr}});
  const auto settings = cluster.settings();
  for (int handlers = 0; handlers < 40; ++handlers) {
    boost::asio::io_context loop;
    auto api = std::make_unique<Api>(loop, settings);
    auto recorder = std::make_unique<EventRecorder>(loop, *api, "meridian-0");
    recorder->enable(true);
    recorder->warn(entry, "VipConflict", "text");
    for (int i = 0; i < handlers; ++i) loop.run_one_for(std::chrono::milliseconds(2));
    recorder.reset();
    api.reset();
    loop.run_for(test::kTestDeadline);
    REQUIRE(loop.stopped());
  }
}

}  // namespace
}  // namespace meridian::kube
