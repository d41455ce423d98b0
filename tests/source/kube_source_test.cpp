#include "source/kube_source.hpp"

#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>
#include <map>
#include <memory>
#include <string>

#include "../kube/following.hpp"

using namespace meridian;
using namespace meridian::test;
using source::Update;
using std::chrono::milliseconds;
namespace json = boost::json;

namespace {

constexpr source::KubeTimes kQuickly{kBriskly, milliseconds(300)};

// A source at the scripted server, and what a listener has of it.
class Watched {
 public:
  explicit Watched(const ApiServer& server, std::vector<std::string> namespaces = {},
                   std::vector<source::EntryPtr> previous = {}, std::uint64_t object_size = 1 << 20)
      : settings_(server.settings()) {
    settings_.namespaces = std::move(namespaces);
    source_ = source::make_kube_source(loop_, "east", settings_, object_size, std::move(previous), kQuickly);
    source_->start([this](Update update) { take(std::move(update)); });
    CHECK(updates.empty());
  }
  ~Watched() {
    source_->stop();
    source_.reset();
    loop_.restart();
    loop_.run();  // hangs if anything is left to wait for
  }

  bool until(const std::function<bool()>& condition) { return run_until(loop_, condition); }
  // "a=240.0.0.2 b=240.0.0.3": what a listener has, in order.
  std::string held() const {
    std::string text;
    for (const auto& [key, entry] : entries) {
      text += (text.empty() ? "" : " ") + key.name + "=";
      for (const auto& address : entry->addresses) text += address.to_string();
    }
    return text;
  }
  void until_held(const std::string& text) {
    until([&] { return held() == text; });
    REQUIRE(held() == text);
  }
  bool until_count(Update::Kind kind, std::size_t n) {
    return until([&] { return count(kind) >= n; });
  }
  std::size_t count(Update::Kind kind) const {
    return static_cast<std::size_t>(
        std::count_if(updates.begin(), updates.end(), [&](const Update& update) { return update.kind == kind; }));
  }
  source::Source& source() { return *source_; }
  const source::State& state() const { return source_->state(); }

  std::vector<Update> updates;
  std::map<mesh::EntryKey, source::EntryPtr> entries;

 private:
  void take(Update update) {
    if (update.kind == Update::Kind::Sync) entries.clear();
    for (const auto& each : update.put) entries[each->key] = each;
    for (const auto& key : update.removed) CHECK(entries.erase(key) == 1);
    updates.push_back(std::move(update));
  }

  boost::asio::io_context loop_;
  config::Kubernetes settings_;
  std::unique_ptr<source::Source> source_;
};

void put(const ApiServer& server, const json::object& object) {
  server.command("put", {{"obj", object}});
}

void until_watched(Watched& watched, const ApiServer& server, std::size_t watches = 1) {
  REQUIRE(watched.until([&] {
    return server.command("watches", {{"plural", "serviceentries"}}).as_array().size() == watches;
  }));
}

TEST_CASE("a cluster is synced, and then followed") {
  const ApiServer server;
  put(server, service_entry("a", "240.0.0.1"));
  put(server, service_entry("b", "240.0.0.2", "elsewhere"));
  Watched watched(server);
  watched.until_held("a=240.0.0.1 b=240.0.0.2");
  CHECK(watched.updates.back().kind == Update::Kind::Sync);
  CHECK(watched.state().synced);
  CHECK(watched.state().up);
  CHECK(watched.source().name() == "east");
  CHECK(watched.source().describe().starts_with("kubernetes " + server.url()));
  until_watched(watched, server);
  put(server, service_entry("a", "240.0.0.3"));
  watched.until_held("a=240.0.0.3 b=240.0.0.2");
  CHECK(watched.updates.back().kind == Update::Kind::Change);
  server.command("remove", {{"kind", "serviceentries"}, {"name", "a"}});
  watched.until_held("b=240.0.0.2");
  CHECK(watched.updates.back().kind == Update::Kind::Change);
}

TEST_CASE("events that come together are told together") {
  const ApiServer server;
  Watched watched(server);
  REQUIRE(watched.until_count(Update::Kind::Sync, 1));
  until_watched(watched, server);
  json::array all;
  for (int i = 0; i < 100; ++i) all.push_back(service_entry("e" + std::to_string(i), "240.0.0.1"));
  server.command("put_many", {{"objs", all}});
  REQUIRE(watched.until([&] { return watched.entries.size() == 100; }));
  CHECK(watched.count(Update::Kind::Change) < 100);
}

TEST_CASE("a later list is a second look, and tells what is different") {
  const ApiServer server;
  put(server, service_entry("a", "240.0.0.1"));
  put(server, service_entry("b", "240.0.0.2"));
  Watched watched(server);
  watched.until_held("a=240.0.0.1 b=240.0.0.2");
  until_watched(watched, server);
  SUBCASE("that somebody asked for") {
    watched.source().rescan();
    REQUIRE(watched.until_count(Update::Kind::Rescan, 1));
    CHECK(watched.updates.back().put.empty());
  }
  SUBCASE("after a 410, with what changed behind the watch's back") {
    server.command("fault", {{"verb", "watch"}, {"expired", true}});
    server.command("reset_watches");
    server.command("remove", {{"kind", "serviceentries"}, {"name", "a"}});
    REQUIRE(watched.until_count(Update::Kind::Rescan, 1));
    CHECK(watched.held() == "b=240.0.0.2");
    CHECK(watched.updates.back().put.empty());
    CHECK(watched.updates.back().removed.size() == 1);
  }
}

TEST_CASE("deletions that were held back are looked at again, later, and by nobody before") {
  const ApiServer server;
  put(server, service_entry("a", "240.0.0.1"));
  Watched watched(server);
  watched.until_held("a=240.0.0.1");
  until_watched(watched, server);
  const auto began = std::chrono::steady_clock::now();
  watched.source().confirm();
  watched.source().confirm();
  server.command("expire_watches");  // a list of its own comes first, and confirms nothing
  REQUIRE(watched.until([&] { return server.command("requests", {{"verb", "list"}}).as_array().size() >= 2; }));
  REQUIRE(watched.until_count(Update::Kind::Rescan, 1));
  CHECK(std::chrono::steady_clock::now() - began >= kQuickly.second_look);
  CHECK(server.command("requests", {{"verb", "list"}}).as_array().size() == 3);
}

TEST_CASE("a CRD that is deleted confirms nothing until it is back") {
  const ApiServer server;
  put(server, service_entry("a", "240.0.0.1"));
  Watched watched(server);
  watched.until_held("a=240.0.0.1");
  until_watched(watched, server);
  server.command("delete_crd");
  REQUIRE(watched.until([&] { return watched.entries.empty(); }));
  watched.source().confirm();
  REQUIRE(watched.until([&] { return watched.state().trouble.find("CRD") != std::string::npos; }));
  CHECK_FALSE(watched.state().up);
  // The look itself, and what says that it failed.
  const auto told = watched.count(Update::Kind::State);
  watched.source().rescan();
  REQUIRE(watched.until_count(Update::Kind::State, told + 1));
  CHECK(watched.count(Update::Kind::Rescan) == 0);
  server.command("restore_crd");
  REQUIRE(watched.until_count(Update::Kind::Rescan, 1));
  CHECK(watched.state().up);
}

TEST_CASE("some namespaces are synced when all of them are, and looked at again when all of them are") {
  const ApiServer server;
  put(server, service_entry("a", "240.0.0.1", "one"));
  put(server, service_entry("b", "240.0.0.2", "two"));
  put(server, service_entry("c", "240.0.0.3", "three"));
  server.command("fault", {{"verb", "list"}, {"path", "namespaces/two/"}, {"status", 403}, {"times", nullptr}});
  Watched watched(server, {"one", "two"});
  REQUIRE(watched.until([&] { return !watched.state().trouble.empty(); }));
  CHECK(watched.state().trouble.find("namespace two: ") == 0);
  CHECK(watched.state().trouble.find("Role of namespace two") != std::string::npos);
  CHECK(watched.held().empty());
  server.command("clear_faults");
  watched.until_held("a=240.0.0.1 b=240.0.0.2");
  CHECK(watched.count(Update::Kind::Sync) == 1);
  until_watched(watched, server, 2);
  put(server, service_entry("a", "240.0.0.4", "one"));
  watched.until_held("a=240.0.0.4 b=240.0.0.2");
  watched.source().rescan();
  REQUIRE(watched.until_count(Update::Kind::Rescan, 1));
  CHECK(watched.held() == "a=240.0.0.4 b=240.0.0.2");
}

TEST_CASE("a server that is away is a source that is down, with what was told") {
  const ApiServer server;
  put(server, service_entry("a", "240.0.0.1"));
  Watched watched(server);
  watched.until_held("a=240.0.0.1");
  until_watched(watched, server);
  const auto contact = watched.state().last_contact;
  server.command("stop");
  REQUIRE(watched.until([&] { return !watched.state().up; }));
  CHECK(watched.updates.back().kind == Update::Kind::State);
  CHECK(watched.state().synced);
  CHECK(watched.held() == "a=240.0.0.1");
  put(server, service_entry("a", "240.0.0.2"));
  server.command("start");
  watched.until_held("a=240.0.0.2");
  CHECK(watched.state().up);
  CHECK(watched.state().trouble.empty());
  CHECK(watched.state().last_contact > contact);
}

TEST_CASE("an entry that is too long is a problem, and no deletion") {
  const ApiServer server;
  put(server, service_entry("a", "240.0.0.1"));
  Watched watched(server, {}, {}, 3000);
  watched.until_held("a=240.0.0.1");
  until_watched(watched, server);
  auto big = service_entry("a", "240.0.0.2");
  big["metadata"].as_object()["annotations"] = {{"note", std::string(5000, 'x')}};
  put(server, big);
  REQUIRE(watched.until([&] { return !watched.state().problems.empty(); }));
  CHECK(watched.state().problems[0].origin == "default/a");
  watched.source().rescan();
  REQUIRE(watched.until_count(Update::Kind::Rescan, 1));
  CHECK(watched.held() == "a=240.0.0.1");
  put(server, service_entry("a", "240.0.0.3"));
  watched.until_held("a=240.0.0.3");
  CHECK(watched.state().problems.empty());
}

TEST_CASE("a source without a kubeconfig says so") {
  boost::asio::io_context loop;
  config::Kubernetes settings;
  settings.kubeconfig = "/nonexistent/kubeconfig";
  const auto source = source::make_kube_source(loop, "east", settings, 1 << 20, {}, kQuickly);
  source->start([](Update) {});
  REQUIRE(run_until(loop, [&] { return !source->state().trouble.empty(); }));
  CHECK(source->state().trouble.find("/nonexistent/kubeconfig") != std::string::npos);
  CHECK_FALSE(source->state().up);
  source->stop();
}

TEST_CASE("a source may be stopped at any moment") {
  const ApiServer server;
  put(server, service_entry("a", "240.0.0.1"));
  for (int turns = 0; turns < 40; ++turns) {
    boost::asio::io_context loop;
    bool stopped = false;
    auto source = source::make_kube_source(loop, "east", server.settings(), 1 << 20, {}, kQuickly);
    source->start([&](Update) { CHECK_FALSE(stopped); });
    for (int i = 0; i < turns; ++i) loop.run_one_for(milliseconds(50));
    if (turns % 3 == 0) source->confirm();
    source->stop();
    stopped = true;
    if (turns % 2 == 0) source.reset();
    loop.restart();
    loop.run();
  }
}

}  // namespace
