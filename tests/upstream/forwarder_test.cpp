// What goes upstream, to whom, how many at once, and what a reload or an end does to it.

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>

#include "support/scripted_upstream.hpp"
#include "upstream/asking.hpp"

using namespace meridian;
using namespace meridian::test;

namespace {

ScriptedUpstream::Udp answering(std::uint8_t last) {
  return [last](const Octets& query, unsigned) { return std::vector<Step>{{replies::address(query, last)}}; };
}

ScriptedUpstream::Udp silent() {
  return [](const Octets&, unsigned) { return std::vector<Step>{}; };
}

// A directory that goes with the test.
struct Directory {
  Directory() {
    std::string name = (std::filesystem::temp_directory_path() / "meridian-upstream-XXXXXX").string();
    path = ::mkdtemp(name.data());
  }
  ~Directory() { std::filesystem::remove_all(path); }
  std::filesystem::path path;
};

void write(const std::filesystem::path& file, const std::string& text) {
  std::ofstream(file) << text;
}

}  // namespace

TEST_CASE("a name goes to the servers of its most specific zone") {
  const ScriptedUpstream root(answering(1)), cluster(answering(2)), deep(answering(3));
  auto settings = forward_to({root.endpoint()});
  settings.zones = {
      {"cluster.local", {cluster.endpoint()}}, {"svc.cluster.local", {deep.endpoint()}}, {"closed.test", {}}};
  Asking asking(settings);
  const struct {
    const char* name;
    const char* expected;
  } cases[] = {
      {"example.test", "NOERROR 192.0.2.1"},
      {"local", "NOERROR 192.0.2.1"},
      {"xcluster.local", "NOERROR 192.0.2.1"},
      {"cluster.local", "NOERROR 192.0.2.2"},
      {"Pod.Cluster.LOCAL", "NOERROR 192.0.2.2"},
      {"web.ns.svc.cluster.local", "NOERROR 192.0.2.3"},
      {"www.closed.test", "error 22"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.name);
    CHECK(asking.ask(c.name) == c.expected);
  }
}

TEST_CASE("ids and ports change from question to question") {
  const ScriptedUpstream upstream(answering(1));
  Asking asking(forward_to({upstream.endpoint()}));
  for (int i = 0; i < 40; ++i) asking.ask("www.example.test");
  std::set<unsigned> ids;
  for (const auto& query : upstream.queries()) ids.insert(query[0] << 8 | query[1]);
  const auto ports = upstream.ports();
  // 40 draws of 65,536 ids, and of the kernel's some 28,000 ports: five equal ones have no chance worth a word.
  CHECK(ids.size() > 35);
  CHECK(std::set<unsigned>(ports.begin(), ports.end()).size() > 30);
  CHECK(ids.count(0x1234) <= 1);  // the client's
}

TEST_CASE("over max-in-flight a question fails at once, in the whole process") {
  const ScriptedUpstream upstream(silent());
  auto settings = forward_to({upstream.endpoint()});
  settings.max_in_flight = 2;
  settings.timeout = std::chrono::seconds(1);
  Asking asking(settings);
  asking.shared.waiting = 1;  // another worker's
  std::vector<std::string> waiting, refused;
  asking.begin("a.example.test", waiting);
  asking.begin("b.example.test", refused);
  CHECK(refused.empty());  // never from inside ask()
  REQUIRE(asking.run_until([&] { return !refused.empty(); }));
  CHECK(refused.front() == "error 0");
  CHECK(waiting.empty());
  CHECK(asking.counters.forward_refused_busy.get() == 1);
  CHECK(asking.counters.forwarded.get() == 1);
  REQUIRE(asking.run_until([&] { return !waiting.empty(); }));
  CHECK(asking.shared.waiting == 1);
}

TEST_CASE("an end with questions in flight calls nobody and leaves nothing") {
  const ScriptedUpstream quiet(silent()),
      truncating([](const Octets&query, unsigned) { return std::vector<Step>{{replies::truncated(query)}}; });
  Asking asking(forward_to({quiet.endpoint(), truncating.endpoint()}));
  std::vector<std::string> ends;
  for (int i = 0; i < 100; ++i) asking.begin("www" + std::to_string(i) + ".example.test", ends);
  REQUIRE(asking.run_until([&] { return quiet.asked() == 100; }));
  CHECK(asking.forwarder->in_flight() == 100);
  asking.forwarder.reset();
  CHECK(asking.shared.waiting == 0);
  CHECK(asking.counters.forward_in_flight.get() == 0);
  asking.loop.restart();
  asking.loop.poll();
  CHECK(ends.empty());
}

TEST_CASE("a reload leaves questions in flight with their old upstreams, and keeps what is known of those that stay") {
  std::atomic<bool> open{false};
  const ScriptedUpstream before([&](const Octets& query, unsigned) {
    return open ? std::vector<Step>{{replies::address(query, 1)}} : std::vector<Step>{};
  });
  const ScriptedUpstream after(answering(2));
  auto settings = forward_to({before.endpoint()});
  Asking asking(settings);
  std::vector<std::string> ends;
  asking.begin("www.example.test", ends);
  REQUIRE(asking.run_until([&] { return before.asked() == 1; }));
  settings.upstreams = {after.endpoint()};
  asking.forwarder->reload(settings);
  open = true;
  CHECK(asking.ask("www2.example.test") == "NOERROR 192.0.2.2");
  REQUIRE(asking.run_until([&] { return !ends.empty(); }));
  CHECK(ends.front() == "NOERROR 192.0.2.1");

  settings.policy = config::Forward::Policy::RoundRobin;
  asking.forwarder->reload(settings);
  REQUIRE(asking.forwarder->state().size() == 1);
  CHECK(asking.forwarder->state().front().rtt_ms > 0);
}

TEST_CASE("upstreams from a resolv.conf") {
  // Its nameservers have port 53, where a test has nothing to say: what counts is whom the forwarder would ask.
  const Directory directory;
  const auto file = directory.path / "resolv.conf";
  auto settings = forward_to({});
  settings.upstreams = {file};
  settings.timeout = std::chrono::milliseconds(50);
  const auto addresses = [](Asking& asking) {
    std::vector<std::string> all;
    for (const auto& state : asking.forwarder->state()) all.push_back(state.address);
    return all;
  };
  const auto become = [&](Asking& asking, const std::vector<std::string>& expected) {
    return asking.run_until([&] {
      asking.ask("www.example.test");
      return addresses(asking) == expected;
    });
  };
  using List = std::vector<std::string>;

  SUBCASE("that is not there yet are found when it comes") {
    Asking asking(settings);
    CHECK(asking.ask("www.example.test") == "error 22");
    write(file, "nameserver 127.99.0.1\n");
    CHECK(become(asking, {"127.99.0.1:53"}));
  }
  SUBCASE("follow a rewrite and a rename") {
    write(file, "nameserver 127.99.0.1\n");
    Asking asking(settings);
    CHECK(addresses(asking) == List{"127.99.0.1:53"});
    write(file, "nameserver 127.99.0.2\nnameserver 127.99.0.1\n");
    CHECK(become(asking, {"127.99.0.2:53", "127.99.0.1:53"}));
    write(directory.path / "next", "nameserver 127.99.0.3\n");
    std::filesystem::rename(directory.path / "next", file);
    CHECK(become(asking, {"127.99.0.3:53"}));
  }
  SUBCASE("follow the swap of a symbolic link to its directory") {
    std::filesystem::create_directories(directory.path / "one");
    std::filesystem::create_directories(directory.path / "two");
    write(directory.path / "one/resolv.conf", "nameserver 127.99.0.1\n");
    write(directory.path / "two/resolv.conf", "nameserver 127.99.0.2\n");
    std::filesystem::create_symlink("one", directory.path / "..data");
    std::filesystem::create_symlink("..data/resolv.conf", file);
    Asking asking(settings);
    CHECK(addresses(asking) == List{"127.99.0.1:53"});
    std::filesystem::create_symlink("two", directory.path / "..data_tmp");
    std::filesystem::rename(directory.path / "..data_tmp", directory.path / "..data");
    CHECK(become(asking, {"127.99.0.2:53"}));
  }
  SUBCASE("stay when it goes or becomes empty") {
    write(file, "nameserver 127.99.0.1\n");
    Asking asking(settings);
    write(file, "# nothing\n");
    asking.ask("www.example.test");
    std::filesystem::remove(file);
    asking.ask("www.example.test");
    CHECK(addresses(asking) == List{"127.99.0.1:53"});
  }
}
