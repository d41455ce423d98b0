// Identical questions in flight are asked once, by whichever worker comes first, and every client hears the end.

#include <doctest/doctest.h>

#include <atomic>
#include <thread>

#include "support/scripted_upstream.hpp"
#include "upstream/asking.hpp"

using namespace meridian;
using namespace meridian::test;
using Ends = std::vector<std::string>;

namespace {

// Answers when it is told to.
struct Gate {
  std::atomic<bool> open{false};
  ScriptedUpstream upstream{[this](const Octets& query, unsigned) {
    return open ? std::vector<Step>{{replies::address(query)}} : std::vector<Step>{};
  }};
};

config::Forward patient(const Gate& gate) {
  auto settings = forward_to({gate.upstream.endpoint()});
  settings.attempt_timeout = std::chrono::milliseconds(300);
  return settings;
}

}  // namespace

TEST_CASE("clients that ask the same") {
  Gate gate;
  Asking asking(patient(gate));
  Ends first, others;

  SUBCASE("wait for one question, whatever the case of its letters") {
    asking.begin("www.example.test", first);
    for (int i = 0; i < 50; ++i) asking.begin(i % 2 ? "WWW.example.test" : "www.Example.TEST", others);
    REQUIRE(asking.run_until([&] { return gate.upstream.asked() == 1; }));
    gate.open = true;
    REQUIRE(asking.run_until([&] { return others.size() == 50; }));
    CHECK(first == Ends{"NOERROR 192.0.2.1"});
    CHECK(others == Ends(50, "NOERROR 192.0.2.1"));
    CHECK(gate.upstream.asked() == 2);  // the one that went unanswered, and its repetition
    CHECK(asking.counters.coalesced.get() == 50);
    CHECK(asking.forwarder->in_flight() == 0);
    CHECK(asking.shared.waiting.load() == 0);
  }
  SUBCASE("but for DO, CD or the type do not") {
    gate.open = true;
    asking.begin("www.example.test", first);
    asking.begin("www.example.test", others, dns::Type::A, {false, true});
    asking.begin("www.example.test", others, dns::Type::A, {true, false});
    asking.begin("www.example.test", others, dns::Type::AAAA);
    REQUIRE(asking.run_until([&] { return others.size() == 3; }));
    CHECK(gate.upstream.asked() == 4);
    CHECK(asking.counters.coalesced.get() == 0);
  }
}

TEST_CASE("a worker whose question another one has upstream") {
  Gate gate;
  const auto settings = patient(gate);
  Asking one(settings), two(settings, one.shared);
  Ends of_one, of_two;
  one.begin("www.example.test", of_one);
  REQUIRE(one.run_until([&] { return gate.upstream.asked() == 1; }));
  two.begin("www.example.test", of_two);
  two.begin("www.example.test", of_two);
  CHECK(two.counters.coalesced.get() == 2);

  SUBCASE("hears its end") {
    gate.open = true;
    REQUIRE(one.run_until([&] { return !of_one.empty(); }));
    CHECK(of_two.empty());  // its own loop tells it
    REQUIRE(two.run_until([&] { return of_two.size() == 2; }));
    CHECK(of_two == Ends(2, "NOERROR 192.0.2.1"));
    CHECK(two.known("www.example.test") == "NOERROR 192.0.2.1");
  }
  SUBCASE("is not left waiting by one that ends") {
    one.forwarder.reset();
    REQUIRE(two.run_until([&] { return of_two.size() == 2; }));
    CHECK(of_two == Ends(2, "error 22"));
    gate.open = true;
    CHECK(two.ask("www.example.test") == "NOERROR 192.0.2.1");  // which it asks itself
  }
  SUBCASE("may end before") {
    two.forwarder.reset();
    gate.open = true;
    REQUIRE(one.run_until([&] { return !of_one.empty(); }));
    two.loop.restart();
    two.loop.poll();
    CHECK(of_two.empty());
    CHECK(one.shared.waiting.load() == 0);
  }
  CHECK(two.shared.waiting.load() == (of_one.empty() && one.forwarder ? 1 : 0));
}

TEST_CASE("many workers that ask the same at once all hear the end") {
  const ScriptedUpstream upstream(
      [](const Octets& query, unsigned) { return std::vector<Step>{{replies::address(query)}}; });
  constexpr int kWorkers = 4, kNames = 200;
  const auto settings = forward_to({upstream.endpoint()});
  upstream::SharedState shared(settings);
  shared.watch_loops = false;
  std::atomic<int> answered{0};
  std::vector<std::thread> workers;
  for (int worker = 0; worker < kWorkers; ++worker) {
    workers.emplace_back([&] {
      Asking asking(settings, shared);
      for (int i = 0; i < kNames; ++i) {
        const auto name = "www" + std::to_string(i) + ".example.test";
        const auto known = asking.known(name);
        if ((known == "unknown" ? asking.ask(name) : known) == "NOERROR 192.0.2.1") ++answered;
      }
    });
  }
  for (auto& worker : workers) worker.join();
  CHECK(answered == kWorkers * kNames);
  CHECK(shared.waiting.load() == 0);
  CHECK(upstream.asked() >= kNames);
}
