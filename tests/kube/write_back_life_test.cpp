#include <doctest/doctest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <memory>

#include "kube/write_back.hpp"
#include "write_back_fixture.hpp"

namespace meridian::kube {
namespace {

namespace json = boost::json;
using test::addresses;

const std::string kVip = "245.1.2.3";
const std::string kWritten = R"(["245.1.2.3"])";

TEST_CASE("who does not hold the Lease") {
  const auto& cluster = test::fresh_cluster();
  test::WriteBackRun run(cluster.settings());
  const auto first = test::put_entry(cluster, "prod", "first"), second = test::put_entry(cluster, "prod", "second");
  SUBCASE("writes nothing, and keeps its wishes") {
    run.back.enable(false);
    run.back.want(first, kVip, {});
    CHECK(run.idle());
    CHECK(test::requests(cluster, "PATCH") == 0);
    CHECK(run.back.pending() == 1);
    run.back.enable(true);
    run.settle();
    CHECK(addresses(cluster, first) == kWritten);
  }
  SUBCASE("any more ends what is in flight, and begins nothing") {
    cluster.command("fault", {{"method", "PATCH"}, {"delay", 0.1}});
    run.back.want(first, kVip, {});
    run.wait_for([&] { return test::requests(cluster, "PATCH"); });
    run.back.enable(false);
    run.back.want(second, kVip, {});
    CHECK(run.idle());
    CHECK(run.back.counts().written == 1);
    CHECK(run.back.pending() == 1);
    CHECK(addresses(cluster, second) == "none");
  }
  SUBCASE("any more writes nothing, though nobody has told it yet") {
    bool held = false;
    std::size_t asked = 0;
    run.back.only_while([&] { return ++asked, held; });
    run.back.want(first, kVip, {});
    run.wait_for([&] { return asked; });
    CHECK(test::requests(cluster, "PATCH") == 0);
    held = true;
    run.settle();
    CHECK(addresses(cluster, first) == kWritten);
  }
}

// How many of the requests were on their way at one moment, at most.
std::size_t most_at_once(const json::array& requests) {
  std::vector<std::pair<double, int>> steps;
  for (const auto& request : requests) {
    steps.emplace_back(request.at("started").to_number<double>(), 1);
    steps.emplace_back(request.at("done").to_number<double>(), -1);
  }
  std::sort(steps.begin(), steps.end());
  int now = 0, most = 0;
  for (const auto& [time, step] : steps) most = std::max(most, now += step);
  return static_cast<std::size_t>(most);
}

TEST_CASE("a thousand entries are written, a few at a time") {
  const auto& cluster = test::fresh_cluster();
  test::WriteBackRun run(cluster.settings());
  json::array entries;
  for (int i = 0; i < 1000; ++i) {
    entries.push_back(json::object{{"apiVersion", "networking.istio.io/v1"},
                                   {"kind", "ServiceEntry"},
                                   {"metadata", json::object{{"namespace", "many"}, {"name", "e" + std::to_string(i)}}},
                                   {"spec", json::object{{"hosts", json::array{"a.global"}}}}});
  }
  const auto stored = cluster.command("put_many", {{"objs", entries}});
  for (const auto& object : stored.as_array()) {
    const auto& metadata = object.at("metadata");
    run.back.want({"many", std::string(metadata.at("name").as_string()), std::string(metadata.at("uid").as_string())},
                  kVip, {});
  }
  CHECK(run.back.pending() == 1000);
  run.settle();
  CHECK(run.back.counts().written == 1000);
  const auto requests = cluster.command("requests", {{"method", "PATCH"}});
  CHECK(requests.as_array().size() == 1000);
  CHECK(most_at_once(requests.as_array()) <= WriteBack::kMostInFlight);
}

TEST_CASE("it may be destroyed at any moment") {
  const auto& cluster = test::fresh_cluster();
  const auto entry = test::put_entry(cluster, "prod", "reviews");
  const auto settings = cluster.settings();
  for (int handlers = 0; handlers < 60; ++handlers) {
    boost::asio::io_context loop;
    auto api = std::make_unique<Api>(loop, settings);
    auto back = std::make_unique<WriteBack>(loop, *api, nullptr);
    back->enable(true);
    back->want(entry, std::to_string(handlers), {});
    for (int i = 0; i < handlers && back->pending() > 0; ++i) loop.run_one_for(std::chrono::seconds(10));
    back.reset();
    api.reset();
    loop.run_for(test::kTestDeadline);
    REQUIRE(loop.stopped());
  }
}

TEST_CASE("it may be destroyed by whom it tells of a refusal") {
  const auto& cluster = test::fresh_cluster();
  cluster.command("fault", {{"method", "PATCH"}, {"webhook", "policy.example"}});
  boost::asio::io_context loop;
  Api api(loop, cluster.settings());
  std::unique_ptr<WriteBack> back;
  back = std::make_unique<WriteBack>(loop, api, [&](const ObjectRef&, const std::string&) { back.reset(); });
  back->enable(true);
  back->want(test::put_entry(cluster, "prod", "reviews"), kVip, {});
  CHECK(test::run_until(loop, [&] { return !back; }));
}

TEST_CASE("it may be left in a loop that ends") {
  const auto& cluster = test::fresh_cluster();
  const auto entry = test::put_entry(cluster, "prod", "reviews");
  cluster.command("fault", {{"method", "PATCH"}, {"hang", true}});
  boost::asio::io_context loop;
  Api api(loop, cluster.settings());
  WriteBack back(loop, api, nullptr);
  back.enable(true);
  back.want(entry, kVip, {});
  CHECK(test::run_until(loop, [&] { return test::requests(cluster, "PATCH") > 0; }));
}

}  // namespace
}  // namespace meridian::kube
