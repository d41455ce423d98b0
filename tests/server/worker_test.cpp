#include "server/worker.hpp"

#include <doctest/doctest.h>
#include <atomic>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "server/running_server.hpp"
#include "support/zone_text.hpp"

using namespace meridian;
using namespace meridian::test;

namespace {

constexpr const char* kZone = "reviews.prod A 240.0.0.7";
constexpr const char* kName = "reviews.prod.global";

// Zones that note which thread lets go of them last.
server::ZonePtr watched(const std::string& text, std::atomic<int>& at_home, std::atomic<int>& elsewhere) {
  auto zones = zones_from(text);
  const auto* raw = zones.get();
  return {raw, [&, home = std::this_thread::get_id(), keep = std::move(zones)](const zone::ZoneSet*) mutable {
            ++(std::this_thread::get_id() == home ? at_home : elsewhere);
            keep.reset();
          }};
}

}  // namespace

TEST_CASE("under load every worker adopts the next zones, and the old ones are destroyed at home") {
  constexpr int kAdoptions = 50;
  std::atomic<int> at_home{0}, elsewhere{0};
  {
    RunningServer server(kZone, quiet_config(), 2);
    std::atomic<bool> stop{false};
    std::thread load([&] {
      UdpClient client;
      while (!stop) client.ask(server.endpoint(), kName);
    });
    UdpClient client;
    for (int i = 1; i <= kAdoptions; ++i) {
      const auto address = "240.0.1." + std::to_string(i);
      auto zones = watched("reviews.prod A " + address, at_home, elsewhere);
      int adopted = 0;
      for (std::size_t w = 0; w < 2; ++w) server.worker(w).adopt(zones, [&] { ++adopted; });
      zones.reset();
      REQUIRE(server.home_until([&] { return adopted == 2; }));
      CHECK(client.ask(server.endpoint(), kName) == "NOERROR " + address);
    }
    stop = true;
    load.join();
    CHECK(at_home == kAdoptions - 1);
    CHECK(server.counters().adoptions.get() == kAdoptions);
  }
  CHECK(at_home == kAdoptions);
  CHECK(elsewhere == 0);
}

TEST_CASE("new settings hold for the next question") {
  RunningServer server(kZone);
  UdpClient client;
  CHECK(client.ask(server.endpoint(), kName) == "NOERROR 240.0.0.7");
  auto config = quiet_config();
  config.access.queries.clear();
  server.worker().apply(server::make_settings(config));
  CHECK(server.home_until([&] { return client.ask(server.endpoint(), kName) == "REFUSED"; }));
}

TEST_CASE("a worker tells about its upstreams, at home") {
  FakeUpstream upstream;
  RunningServer server(kZone, forwarding_to(upstream));
  std::vector<upstream::UpstreamState> states;
  bool told = false;
  server.worker().upstreams([&](std::vector<upstream::UpstreamState> state) {
    states = std::move(state);
    told = true;
  });
  REQUIRE(server.home_until([&] { return told; }));
  REQUIRE(states.size() == 1);
  CHECK(states.front().address == upstream.endpoint().to_text());
}

TEST_CASE("draining with nothing in flight ends at once") {
  RunningServer server(kZone);
  TcpClient idle(server.endpoint());
  CHECK(idle.ask(kName) == "NOERROR 240.0.0.7");
  bool drained = false;
  server.worker().drain(std::chrono::hours{1}, [&] { drained = true; });
  CHECK(server.home_until([&] { return drained; }));
  server.worker().join();
  CHECK(idle.ended());
}

TEST_CASE("draining answers what is in flight, over UDP and TCP") {
  FakeUpstream upstream;
  RunningServer server(kZone, forwarding_to(upstream));
  UdpClient udp;
  udp.send(server.endpoint(), query_for("one.example", kA, 1));
  const auto one = upstream.asked("one.example");
  REQUIRE(one.has_value());
  TcpClient tcp(server.endpoint());
  REQUIRE(tcp.send(framed(query_for("two.example", kA, 2))));
  const auto two = upstream.asked("two.example");
  REQUIRE(two.has_value());

  bool drained = false;
  server.worker().drain(std::chrono::hours{1}, [&] { drained = true; });
  REQUIRE(server.home_until([&] { return server.refuses_tcp(); }));
  CHECK_FALSE(drained);
  CHECK(udp.ask(server.endpoint(), kName) == "NOERROR 240.0.0.7");  // UDP is answered to the end
  upstream.answer(*one, "192.0.2.1");
  CHECK(summary(udp.receive()) == "NOERROR 192.0.2.1");
  CHECK_FALSE(drained);
  upstream.answer(*two, "192.0.2.2");
  CHECK(summary(tcp.receive()) == "NOERROR 192.0.2.2");
  CHECK(tcp.ended());
  CHECK(server.home_until([&] { return drained; }));
  server.worker().join();
}

TEST_CASE("draining sends every reply to what is in flight, however many come at once") {
  FakeUpstream upstream;
  RunningServer server(kZone, forwarding_to(upstream));
  UdpClient client;
  std::vector<FakeUpstream::Question> questions;
  for (std::uint16_t i = 0; i < 100; ++i) {
    const auto name = "n" + std::to_string(i) + ".example";
    client.send(server.endpoint(), query_for(name, kA, i));
    auto question = upstream.asked(name);
    REQUIRE(question.has_value());
    questions.push_back(std::move(*question));
  }
  bool drained = false;
  server.worker().drain(std::chrono::hours{1}, [&] { drained = true; });
  REQUIRE(server.home_until([&] { return server.refuses_tcp(); }));
  for (const auto& question : questions) upstream.answer(question, "192.0.2.1");
  CHECK(server.home_until([&] { return drained; }));
  server.worker().join();
  std::set<std::uint16_t> ids;
  for (std::uint16_t i = 0; i < 100; ++i) {
    const auto reply = client.receive();
    REQUIRE(summary(reply) == "NOERROR 192.0.2.1");
    ids.insert(id_of(reply));
  }
  CHECK(ids.size() == 100);
}

TEST_CASE("draining answers what has arrived and was not read yet") {
  RunningServer server(kZone);
  UdpClient udp;
  TcpClient tcp(server.endpoint());
  CHECK(tcp.ask(kName) == "NOERROR 240.0.0.7");
  REQUIRE(tcp.send(framed(query_for(kName, kA, 2))));
  udp.send(server.endpoint(), query_for(kName, kA, 3));
  bool drained = false;
  server.worker().drain(std::chrono::hours{1}, [&] { drained = true; });
  CHECK(summary(udp.receive()) == "NOERROR 240.0.0.7");
  CHECK(summary(tcp.receive()) == "NOERROR 240.0.0.7");
  CHECK(server.home_until([&] { return drained; }));
}

TEST_CASE("draining does not wait for questions that come during it") {
  FakeUpstream upstream;
  RunningServer server(kZone, forwarding_to(upstream));
  UdpClient early, late;
  early.send(server.endpoint(), query_for("early.example", kA, 1));
  const auto first = upstream.asked("early.example");
  REQUIRE(first.has_value());
  bool drained = false;
  server.worker().drain(std::chrono::hours{1}, [&] { drained = true; });
  REQUIRE(server.home_until([&] { return server.refuses_tcp(); }));
  late.send(server.endpoint(), query_for("late.example", kA, 2));
  REQUIRE(upstream.asked("late.example").has_value());
  upstream.answer(*first, "192.0.2.1");
  CHECK(summary(early.receive()) == "NOERROR 192.0.2.1");
  CHECK(server.home_until([&] { return drained; }));
}

TEST_CASE("draining ends at its limit, whatever is in flight") {
  FakeUpstream upstream;
  RunningServer server(kZone, forwarding_to(upstream));
  TcpClient client(server.endpoint());
  REQUIRE(client.send(framed(query_for("www.example", kA, 1))));
  const auto www = upstream.asked("www.example");
  REQUIRE(www.has_value());
  bool drained = false;
  server.worker().drain(std::chrono::milliseconds{20}, [&] { drained = true; });
  CHECK(server.home_until([&] { return drained; }));
}
