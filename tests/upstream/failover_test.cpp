// Which of several upstreams answers, and what it costs those who ask later. Conditions are order and budget, never
// exact times.

#include <doctest/doctest.h>

#include <chrono>
#include <optional>

#include "support/scripted_upstream.hpp"
#include "upstream/asking.hpp"

using namespace meridian;
using namespace meridian::test;
using Policy = config::Forward::Policy;
using std::chrono::milliseconds;

namespace {

ScriptedUpstream::Udp answering(std::uint8_t last) {
  return [last](const Octets& query, unsigned) { return std::vector<Step>{{replies::address(query, last)}}; };
}

ScriptedUpstream::Udp silent() {
  return [](const Octets&, unsigned) { return std::vector<Step>{}; };
}

void ask_many(Asking& asking, unsigned count, const std::string& expected) {
  for (unsigned i = 0; i < count; ++i) CHECK(asking.ask("www.example.test") == expected);
}

const upstream::UpstreamState& state_of(const std::vector<upstream::UpstreamState>& all,
                                        const ScriptedUpstream& server) {
  for (const auto& state : all)
    if (state.address == server.endpoint().to_text()) return state;
  FAIL("no such upstream");
  return all.front();
}

}  // namespace

TEST_CASE("a dead first upstream costs the first question only") {
  for (const auto policy : {Policy::Sequential, Policy::Fastest}) {
    const ScriptedUpstream dead(silent()), living(answering(2));
    auto settings = forward_to({dead.endpoint(), living.endpoint()});
    settings.policy = policy;
    Asking asking(settings);
    CHECK(asking.ask("www.example.test") == "NOERROR 192.0.2.2");
    ask_many(asking, 50, "NOERROR 192.0.2.2");
    CHECK(dead.asked() < 25);  // copies, at growing distances; never the one that a client waits for
    CHECK(asking.run_until([&] { return !state_of(asking.forwarder->state(), dead).up; }));
    CHECK(state_of(asking.forwarder->state(), living).up);
    CHECK(state_of(asking.forwarder->state(), living).rtt_ms > 0);
  }
}

TEST_CASE("an upstream that comes back is found by real questions, and used again") {
  std::atomic<bool> up{false};
  const ScriptedUpstream first([&](const Octets& query, unsigned) {
    return up ? std::vector<Step>{{replies::address(query, 1)}} : std::vector<Step>{};
  });
  const ScriptedUpstream second(answering(2));
  Asking asking(forward_to({first.endpoint(), second.endpoint()}));
  CHECK(asking.ask("www.example.test") == "NOERROR 192.0.2.2");
  ask_many(asking, 5, "NOERROR 192.0.2.2");
  up = true;
  CHECK(asking.run_until([&] { return asking.ask("www.example.test") == "NOERROR 192.0.2.1"; }));
  CHECK(state_of(asking.forwarder->state(), first).up);
}

TEST_CASE("the only upstream is asked again as soon as it is back") {
  std::atomic<bool> up{false};
  const ScriptedUpstream upstream([&](const Octets& query, unsigned) {
    return up ? std::vector<Step>{{replies::address(query)}} : std::vector<Step>{};
  });
  auto settings = forward_to({upstream.endpoint()});
  settings.timeout = milliseconds(600);
  Asking asking(settings);
  CHECK(asking.ask("www.example.test") == "error 23");
  CHECK(asking.ask("www.example.test") == "error 23");
  up = true;
  settings.timeout = std::chrono::seconds(15);
  asking.forwarder->reload(settings);  // keeps what is known
  CHECK(asking.ask("www.example.test") == "NOERROR 192.0.2.1");
}

TEST_CASE("with every third packet lost at both upstreams every question is answered") {
  const auto lossy = [](const Octets& query, unsigned number) {
    return number % 3 == 1 ? std::vector<Step>{} : std::vector<Step>{{replies::address(query)}};
  };
  const ScriptedUpstream first(lossy), second(lossy);
  auto settings = forward_to({first.endpoint(), second.endpoint()});
  Asking asking(settings);
  for (int i = 0; i < 30; ++i) CHECK(asking.ask("www.example.test") == "NOERROR 192.0.2.1");
}

TEST_CASE("policies") {
  const ScriptedUpstream slow([](const Octets& query, unsigned) {
    return std::vector<Step>{{replies::address(query, 1), milliseconds(20)}};
  });
  const ScriptedUpstream quick(answering(2));
  auto settings = forward_to({slow.endpoint(), quick.endpoint()});
  settings.attempt_timeout = std::chrono::seconds(1);

  SUBCASE("sequential asks the first while it lives") {
    Asking asking(settings);
    for (int i = 0; i < 5; ++i) CHECK(asking.ask("www.example.test") == "NOERROR 192.0.2.1");
    CHECK(quick.asked() == 0);
  }
  SUBCASE("fastest asks the quicker one once both are known") {
    settings.policy = Policy::Fastest;
    Asking asking(settings);
    asking.ask("www.example.test");
    REQUIRE(asking.run_until([&] {
      const auto all = asking.forwarder->state();
      return state_of(all, slow).rtt_ms > 0 && state_of(all, quick).rtt_ms > 0;
    }));
    for (int i = 0; i < 5; ++i) CHECK(asking.ask("www.example.test") == "NOERROR 192.0.2.2");
  }
  SUBCASE("round-robin takes turns") {
    settings.policy = Policy::RoundRobin;
    Asking asking(settings);
    for (int i = 0; i < 3; ++i) {
      CHECK(asking.ask("www.example.test") == "NOERROR 192.0.2.1");
      CHECK(asking.ask("www.example.test") == "NOERROR 192.0.2.2");
    }
  }
  SUBCASE("random uses both") {
    settings.policy = Policy::Random;
    Asking asking(settings);
    CHECK(asking.run_until([&] {
      asking.ask("www.example.test");
      return slow.asked() > 0 && quick.asked() > 0;
    }));
  }
}

TEST_CASE("the health probe of a CoreDNS in front, . NS") {
  SUBCASE("is forwarded while an upstream lives") {
    const ScriptedUpstream upstream(answering(1));
    Asking asking(forward_to({upstream.endpoint()}));
    CHECK(asking.ask(".", dns::Type::NS) == "NOERROR 192.0.2.1");
  }
  SUBCASE("ends long before an ordinary question while nothing is known, and at once when all are known to be dead") {
    const ScriptedUpstream dead(silent());
    auto settings = forward_to({dead.endpoint()});
    Asking asking(settings);
    std::vector<std::string> ordinary, probe;
    asking.begin("www.example.test", ordinary);
    asking.begin(".", probe, dns::Type::NS);
    REQUIRE(asking.run_until([&] { return !probe.empty(); }));
    CHECK(probe.front() == "error 23");
    CHECK(ordinary.empty());
    REQUIRE(asking.run_until([&] { return asking.counters.upstream_timeouts.get() >= 6; }));
    const auto asked = asking.counters.forwarded.get();
    CHECK(asking.ask(".", dns::Type::NS) == "error 22");
    CHECK(asking.counters.forwarded.get() == asked);  // not sent at all
  }
  SUBCASE("gets its SERVFAIL where nothing is configured") {
    Asking asking(forward_to({}));
    CHECK(asking.ask(".", dns::Type::NS) == "error 22");
  }
}
