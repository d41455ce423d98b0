// The traps of c-ares, each with the row that would fall into it:
//
//   one port for all questions              udp_ports_test; e2e upstream_wire
//   ids: weak, or the caller's              "ids of questions in flight are unique"; e2e upstream_wire
//   QR=0, opcodes, letter cases, lying      "what is not believed does not end the wait"; what is believed:
//     counts, loops of pointers, RDLENGTH     misbehaving_upstream_test, dns/reply_test
//   cuts replies to 512 octets              "a reply comes back as it was sent"
//   cuts queries, and EDNS off, at FORMERR  "a FORMERR switches nothing off for the next question"
//   an empty datagram ends all              "a flood of junk", "an empty datagram"
//   one ICMP error ends all                 udp_ports_test: "an ICMP error ends the questions of its own port"
//   ares_destroy in a callback              "a listener may destroy the channel while others wait on it"
//   resolv.conf and the environment         "what the environment says of resolvers means nothing here"
//   SERVFAIL, REFUSED are no answer         "a reply comes back as it was sent"
//   time-outs add up to 75 s                "silence ends after the channel's patience"
//   65,536 in flight loop for ever          "a channel that is full says so"
//   1.34: answers kept, time-outs by        "the same question is asked again", "a slow reply after many quick ones"
//     round trips, replies written anew     "a reply comes back as it was sent"; and all others, built with it
//
// Over TCP: tcp_channel_test.

#include "upstream/ares_channel.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cstdlib>
#include <functional>
#include <memory>
#include <set>

#include "support/scripted_upstream.hpp"
#include "upstream/waiting.hpp"

using namespace meridian;
using namespace meridian::test;
using std::chrono::milliseconds;
using upstream::AresChannel;
using upstream::Failure;
using upstream::Transport;

namespace {

struct Fixture {
  std::unique_ptr<AresChannel> open(const config::Endpoint& server, Transport transport = Transport::Udp,
                                    milliseconds patience = milliseconds(3000)) {
    return std::make_unique<AresChannel>(loop, server, transport, patience, entropy, counters);
  }
  static Octets query() {
    return {0, 0,   1,   0,   0,   1,   0,   0,   0,   0, 0, 1,        // RD; one question, one additional record
            3, 'w', 'w', 'w', 4,   't', 'e', 's', 't', 0, 0, 1, 0, 1,  // www.test. A IN
            0, 0,   41,  4,   208, 0,   0,   0,   0,   0, 0};          // OPT, 1232
  }
  static std::shared_ptr<Waiting> send(AresChannel& channel) {
    auto waiting = std::make_shared<Waiting>();
    auto octets = query();
    channel.send(octets, waiting);
    return waiting;
  }
  bool run_until(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!condition() && std::chrono::steady_clock::now() < deadline) {
      loop.restart();
      loop.run_one_for(milliseconds(50));
    }
    return condition();
  }
  boost::asio::io_context loop;
  upstream::Entropy entropy;
  stats::WorkerCounters counters;
};

ScriptedUpstream::Udp silent() {
  return [](const Octets&, unsigned) { return std::vector<Step>{}; };
}
ScriptedUpstream::Udp good() {
  return [](const Octets& query, unsigned) { return std::vector<Step>{{replies::address(query)}}; };
}

}  // namespace

TEST_CASE_FIXTURE(Fixture, "a reply comes back as it was sent") {
  const struct {
    const char* title;
    std::function<Octets(const Octets&)> make;
  } cases[] = {
      {"an answer", [](const Octets& q) { return replies::address(q); }},
      {"SERVFAIL", [](const Octets& q) { return replies::header(q, 2); }},
      {"FORMERR, which c-ares would answer itself", [](const Octets& q) { return replies::header(q, 1); }},
      {"NOTIMP", [](const Octets& q) { return replies::header(q, 4); }},
      {"REFUSED", [](const Octets& q) { return replies::header(q, 5); }},
      {"truncated", replies::truncated},
      {"1212 octets", [](const Octets& q) { return replies::addresses(q, 74); }},
      {"over 4000 octets", [](const Octets& q) { return replies::addresses(q, 250); }},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      const ScriptedUpstream server([&](const Octets& query, unsigned) { return std::vector<Step>{{c.make(query)}}; });
      const auto channel = open(server.endpoint());
      const auto waiting = send(*channel);
      REQUIRE(run_until([&] { return waiting->ends == 1; }));
      CHECK(server.asked() == 1);
      CHECK(waiting->reply == c.make(server.queries().front()));
      CHECK(channel->in_flight() == 0);
    }
  }
}

TEST_CASE_FIXTURE(Fixture, "a FORMERR switches nothing off for the next question") {
  const ScriptedUpstream server([](const Octets& query, unsigned number) {
    return std::vector<Step>{{number == 0 ? replies::header(query, 1) : replies::addresses(query, 74)}};
  });
  const auto channel = open(server.endpoint());
  const auto first = send(*channel);
  REQUIRE(run_until([&] { return first->ends == 1; }));
  const auto second = send(*channel);
  REQUIRE(run_until([&] { return second->ends == 1; }));
  CHECK(second->reply.size() > 1000);  // c-ares would have cut it to 512
  CHECK(server.asked() == 2);          // and would have asked a third time, 11 octets shorter
}

TEST_CASE_FIXTURE(Fixture, "what is not believed does not end the wait") {
  const ScriptedUpstream server([](const Octets& query, unsigned) {
    return std::vector<Step>{{replies::address(query, 1)}, {replies::address(query, 2)}};
  });
  const auto channel = open(server.endpoint());
  const auto waiting = std::make_shared<Waiting>();
  waiting->belief = [](std::span<const std::uint8_t> octets) { return octets.back() == 2; };
  auto octets = query();
  channel->send(octets, waiting);
  REQUIRE(run_until([&] { return waiting->ends == 1; }));
  CHECK(waiting->shown == 2);
  REQUIRE_FALSE(waiting->reply.empty());
  CHECK(waiting->reply.back() == 2);
}

TEST_CASE_FIXTURE(Fixture, "a flood of junk neither ends the wait nor keeps the loop from its other work") {
  const ScriptedUpstream server([](const Octets& query, unsigned) {
    std::vector<Step> steps(500, {Octets(100, 0x5a)});
    steps.push_back({replies::address(query)});
    steps.push_back({replies::address(query), milliseconds(100)});  // the socket's queue may have been full
    return steps;
  });
  const auto channel = open(server.endpoint());
  const auto waiting = send(*channel);
  CHECK(run_until([&] { return waiting->ends == 1; }));
  CHECK(waiting->shown == 1);
}

TEST_CASE_FIXTURE(Fixture, "a closed port ends every question that was sent there, and the channel goes on") {
  const auto port = closed_port();
  const auto channel = open(port);
  std::vector<std::shared_ptr<Waiting>> all;
  for (int i = 0; i < 10; ++i) all.push_back(send(*channel));
  for (const auto& waiting : all) {
    REQUIRE(run_until([&] { return waiting->ends == 1; }));
    CHECK(waiting->failure == Failure::Unreachable);
  }
  const ScriptedUpstream server(good(), nullptr, port.port);
  const auto waiting = send(*channel);
  REQUIRE(run_until([&] { return waiting->ends == 1; }));
  CHECK_FALSE(waiting->reply.empty());
}

TEST_CASE_FIXTURE(Fixture, "an empty datagram is nothing") {
  const ScriptedUpstream server([](const Octets& query, unsigned) {
    return std::vector<Step>{{{}}, {Octets(11, 0)}, {replies::address(query)}};
  });
  const auto channel = open(server.endpoint());
  const auto first = send(*channel), second = send(*channel);
  REQUIRE(run_until([&] { return first->ends + second->ends == 2; }));
  CHECK_FALSE(first->reply.empty());
  CHECK_FALSE(second->reply.empty());
  CHECK(counters.upstream_strays.get() >= 2);
}

TEST_CASE_FIXTURE(Fixture, "what the environment says of resolvers means nothing here") {
  ::setenv("RES_OPTIONS", "retrans:60000 retry:4 rotate", 1);
  ::setenv("LOCALDOMAIN", "elsewhere.test", 1);
  const ScriptedUpstream server(silent());
  const auto channel = open(server.endpoint(), Transport::Udp, milliseconds(50));
  ::unsetenv("RES_OPTIONS");
  ::unsetenv("LOCALDOMAIN");
  const auto waiting = send(*channel);
  REQUIRE(run_until([&] { return waiting->ends == 1; }));
  CHECK(server.asked() == 1);
}

TEST_CASE_FIXTURE(Fixture, "the same question is asked again") {
  const ScriptedUpstream server(
      [](const Octets& query, unsigned n) { return std::vector<Step>{{replies::address(query, n == 0 ? 1 : 2)}}; });
  const auto channel = open(server.endpoint());
  for (const std::uint8_t last : {1, 2}) {
    const auto waiting = send(*channel);
    REQUIRE(run_until([&] { return waiting->ends == 1; }));
    REQUIRE_FALSE(waiting->reply.empty());
    CHECK(waiting->reply.back() == last);
  }
}

TEST_CASE_FIXTURE(Fixture, "a slow reply after many quick ones is waited for") {
  const ScriptedUpstream server([](const Octets& query, unsigned number) {
    const int after = number < 10 ? 0 : number == 10 ? 700 : 400;
    return std::vector<Step>{{replies::address(query), milliseconds(after)}};
  });
  const auto channel = open(server.endpoint());
  const auto good = [&](Waiting& waiting) {
    return run_until([&] { return waiting.ends == 1; }) && !waiting.reply.empty();
  };
  for (int i = 0; i < 10; ++i) CHECK(good(*send(*channel)));
  const auto slow = send(*channel);
  REQUIRE(run_until([&] { return server.asked() == 11; }));
  CHECK(good(*send(*channel)));  // with which c-ares looks at its clock
  CHECK(good(*slow));
}

TEST_CASE_FIXTURE(Fixture, "a second answer is counted, and goes nowhere") {
  const ScriptedUpstream server([](const Octets& query, unsigned) {
    return std::vector<Step>{{replies::address(query, 1)}, {replies::address(query, 2)}};
  });
  const auto channel = open(server.endpoint());
  const auto waiting = send(*channel);
  REQUIRE(run_until([&] { return counters.upstream_doubles.get() == 1; }));
  CHECK(waiting->ends == 1);
  CHECK(waiting->shown == 1);
  CHECK(waiting->reply.back() == 1);
  CHECK(counters.upstream_strays.get() == 0);
}

TEST_CASE_FIXTURE(Fixture, "silence ends after the channel's patience") {
  const ScriptedUpstream server(silent());
  const auto channel = open(server.endpoint(), Transport::Udp, milliseconds(50));
  const auto waiting = send(*channel);
  REQUIRE(run_until([&] { return waiting->ends == 1; }));
  CHECK(waiting->failure == Failure::TimedOut);
  CHECK(server.asked() == 1);  // one send, no repetition
}

TEST_CASE_FIXTURE(Fixture, "a listener may destroy the channel while others wait on it") {
  const ScriptedUpstream server(good());
  for (const auto& where : {server.endpoint(), closed_port()}) {
    auto channel = open(where);
    std::vector<std::shared_ptr<Waiting>> all;
    int ends = 0;
    for (int i = 0; i < 20; ++i) {
      all.push_back(send(*channel));
      all.back()->then = [&] {
        ++ends;
        channel.reset();
      };
    }
    REQUIRE(run_until([&] { return ends > 0; }));
    loop.restart();
    loop.poll();
    CHECK(ends == 1);
  }
}

TEST_CASE_FIXTURE(Fixture, "a listener may ask again on the channel") {
  const ScriptedUpstream server(good());
  const auto channel = open(server.endpoint());
  const auto first = send(*channel);
  std::shared_ptr<Waiting> second;
  first->then = [&] { second = send(*channel); };
  REQUIRE(run_until([&] { return second && second->ends == 1; }));
  CHECK_FALSE(second->reply.empty());
}

TEST_CASE_FIXTURE(Fixture, "ids of questions in flight are unique, and a channel that is full says so") {
  const ScriptedUpstream server(silent());
  const auto channel = open(server.endpoint());
  std::set<std::uint16_t> ids;
  const auto waiting = std::make_shared<Waiting>();
  for (std::size_t i = 0; i < AresChannel::kMostInFlight; ++i) {
    auto octets = query();
    ids.insert(channel->send(octets, waiting));
  }
  CHECK(ids.size() + static_cast<std::size_t>(waiting->ends) == AresChannel::kMostInFlight);
  if (channel->in_flight() < AresChannel::kMostInFlight) return;  // a machine whose socket buffers were full
  const auto late = send(*channel);
  CHECK(late->ends == 0);  // never from inside send()
  REQUIRE(run_until([&] { return late->ends == 1; }));
  CHECK(late->failure == Failure::Busy);
}

TEST_CASE_FIXTURE(Fixture, "IPv6 servers are asked too") {
  const auto channel = open({boost::asio::ip::address_v6::loopback(), closed_port().port});
  const auto waiting = send(*channel);
  REQUIRE(run_until([&] { return waiting->ends == 1; }));
  CHECK(waiting->reply.empty());  // nobody listens there, or this machine has no ::1
}
