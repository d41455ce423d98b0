// What breaks between a reflector and its server, and when.

#include <doctest/doctest.h>

#include <boost/asio/post.hpp>

#include "following.hpp"
#include "kube/reflector.hpp"

using namespace meridian;
using namespace meridian::test;
using std::chrono::milliseconds;
using std::chrono::steady_clock;
namespace json = boost::json;

namespace {

void put_many(const ApiServer& server, json::array objects) {
  server.command("put_many", {{"objs", std::move(objects)}});
}

TEST_CASE("wherever a watch is cut, no event is lost, and none is told twice") {
  const ApiServer server;
  put_many(server, {config_map("a", "0"), config_map("b", "0")});
  constexpr int kOctets = 800;  // more than one event has
  Following following(server);
  following.until_watching();
  // Each watch takes the next fault: one is cut behind no octet, one behind the first, and so on.
  for (int cut = 0; cut <= kOctets; ++cut) server.command("fault", {{"verb", "watch"}, {"cut", cut}});
  server.command("reset_watches");
  int round = 0;
  while (following.state().watches < kOctets) {
    const auto value = std::to_string(++round);
    put_many(server, {config_map("a", value), config_map("b", value), config_map("a", value + "x")});
    following.until_text("a=" + value + "x b=" + value);
  }
  CHECK(following.state().events > 0);
  MESSAGE(round << " rounds, " << following.state().lists << " lists");
}

TEST_CASE("a server that is gone without a word is found by its silence") {
  const ApiServer server;
  put_many(server, {config_map("a", "1")});
  auto times = kBriskly;
  times.silence = milliseconds(300);
  Following following(server, config_maps(), times);
  following.until_watching();
  server.command("freeze_watches");
  put_many(server, {config_map("a", "2")});
  following.until_text("a=2");
  CHECK(following.state().failures >= 1);
}

TEST_CASE("a watch from a version that the server never had stays empty, and is no watch") {
  const ApiServer server;
  put_many(server, {config_map("a", "1")});
  auto times = kBriskly;
  times.silence = milliseconds(300);
  Following following(server, config_maps(), times);
  following.until_watching();
  const auto lists = following.state().lists;
  server.command("inject", {{"text", R"({"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"99999999"}}})"}});
  server.command("end_watches");
  put_many(server, {config_map("a", "2")});
  following.until_text("a=2");
  CHECK(following.state().lists > lists);
}

TEST_CASE("watches that end at once, every time, are asked for ever more slowly, and then for a list") {
  const ApiServer server;
  put_many(server, {config_map("a", "1")});
  server.command("fault", {{"verb", "watch"}, {"cut", 0}, {"times", nullptr}});
  auto times = kBriskly;
  times.first_pause = milliseconds(20);
  times.longest_pause = milliseconds(1000);
  Following following(server, config_maps(), times);
  const auto began = steady_clock::now();
  REQUIRE(following.until([&] { return following.state().watches == 6; }));
  CHECK(steady_clock::now() - began >= milliseconds((20 + 40 + 80 + 160 + 320) / 2));
  CHECK(following.state().lists == 2);
  server.command("clear_faults");
  following.until_watching();
}

TEST_CASE("a server that stops and starts") {
  const ApiServer server;
  put_many(server, {config_map("a", "1")});
  Following following(server);
  following.until_watching();
  server.command("stop");
  REQUIRE(following.until([&] { return !following.state().up; }));
  CHECK(following.state().trouble.find("connection refused") != std::string::npos);
  CHECK(following.mirror.text() == "a=1");
  put_many(server, {config_map("a", "2")});
  server.command("start");
  following.until_text("a=2");
  // Not watched from where it was: it may have been restored from a backup.
  CHECK(following.until([&] { return following.state().up && following.state().lists == 2; }));
}

TEST_CASE("a pause that is over when the reflector is stopped begins nothing") {
  const ApiServer server;
  server.command("fault", {{"path", "^/apis/networking.istio.io$"}, {"status", 503}});
  auto times = kBriskly;
  times.first_pause = milliseconds(10);
  Following following(server, service_entries(), times);
  REQUIRE(following.until([&] { return following.state().failures == 1; }));
  const auto over = steady_clock::now() + times.first_pause;
  while (steady_clock::now() < over) continue;  // the timer is due, and its handler comes behind the next one
  boost::asio::post(following.loop, [&] { following.reflector.stop(); });
  following.loop.restart();
  following.loop.run();
  CHECK(server.command("requests", {{"path", "^/apis/networking.istio.io$"}}).as_array().size() == 1);
}

TEST_CASE("objects over the limit are passed over, by name, and their end is told") {
  const ApiServer server;
  put_many(server, {config_map("a", "1"), config_map("big", std::string(5000, 'x'))});
  Following following(server, config_maps(), kBriskly, 3000);
  following.until_text("a=1");
  CHECK(following.mirror.skips == std::vector<std::string>{"big has more than 3000 octets (limits: object-size)"});
  following.until_watching();
  put_many(server, {config_map("a", std::string(6000, 'y')), config_map("b", "2")});
  following.until_text("a=1 b=2");  // of a the last good version
  CHECK(following.mirror.skips.back() == "a has more than 3000 octets (limits: object-size)");
  CHECK(following.state().skipped == 2);
  server.command("remove", {{"kind", "configmaps"}, {"name", "a"}});
  following.until_text("b=2");
  CHECK(following.state().lists == 1);
}

TEST_CASE("a list is made again when it is asked for") {
  const ApiServer server;
  put_many(server, {config_map("a", "1")});
  Following following(server);
  following.until_watching();
  SUBCASE("while a watch is quiet") {
    following.reflector.relist();
    following.reflector.relist();
    REQUIRE(following.until([&] { return following.state().lists == 2; }));
    following.until_watching();
    CHECK(following.state().lists == 2);
    CHECK(following.state().failures == 0);
  }
  SUBCASE("and somebody is told that it failed") {
    server.command("stop");
    REQUIRE(following.until([&] { return !following.state().up; }));
    const auto states = following.mirror.states;
    following.reflector.relist();
    REQUIRE(following.until([&] { return following.mirror.states > states; }));
    server.command("start");
    REQUIRE(following.until([&] { return following.state().lists == 2; }));
  }
}

TEST_CASE("it may be stopped, and all that it uses destroyed, at any moment") {
  const ApiServer server;
  json::array all;
  for (int i = 0; i < 600; ++i) all.push_back(config_map("c" + std::to_string(i), "1"));
  put_many(server, std::move(all));
  for (int turns = 0; turns < 60; ++turns) {
    boost::asio::io_context loop;
    auto api = std::make_unique<kube::Api>(loop, server.settings());
    auto mirror = std::make_unique<Mirror>();
    kube::Reflector reflector(loop, *api, config_maps(), 1 << 20, *mirror, kBriskly);
    reflector.start();
    for (int i = 0; i < turns; ++i) loop.run_one_for(milliseconds(50));
    if (turns % 7 == 0) reflector.relist();
    reflector.stop();
    mirror.reset();
    if (turns % 3 == 0) api.reset();
    if (turns % 4 == 0) continue;  // the loop ends first
    loop.restart();
    loop.run();  // hangs if anything is left to wait for
  }
}

}  // namespace
