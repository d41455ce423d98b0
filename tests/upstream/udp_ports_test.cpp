// Which port a question leaves from, which one its reply is taken at, and what becomes of both. The server is a socket
// that the test holds itself, so that nothing happens but what a row says.

#include "upstream/udp_ports.hpp"

#include <doctest/doctest.h>

#include <array>
#include <boost/asio.hpp>
#include <functional>
#include <memory>
#include <set>
#include <vector>

#include "upstream/few_descriptors.hpp"

using namespace meridian;
using boost::asio::ip::udp;
using meridian::test::FewDescriptors;
using std::chrono::milliseconds;
using upstream::Failure;
using upstream::UdpPorts;
using Octets = std::vector<std::uint8_t>;

namespace {

struct Asked {
  Octets octets;
  std::uint16_t port = 0;
};

struct Server {
  Server() : socket(loop, {boost::asio::ip::address_v4::loopback(), 0}) {
    const timeval patience{20, 0};
    ::setsockopt(socket.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    socket.set_option(boost::asio::socket_base::receive_buffer_size(4 << 20));
  }
  config::Endpoint endpoint() const {
    return {boost::asio::ip::address_v4::loopback(), socket.local_endpoint().port()};
  }
  Asked take() {
    std::array<std::uint8_t, 512> octets;
    udp::endpoint from;
    const auto size = socket.receive_from(boost::asio::buffer(octets), from);
    return {Octets(octets.begin(), octets.begin() + static_cast<std::ptrdiff_t>(size)), from.port()};
  }
  void send(const Octets& octets, std::uint16_t port) {
    socket.send_to(boost::asio::buffer(octets), {boost::asio::ip::address_v4::loopback(), port});
  }
  void answer(const Asked& asked) { send(asked.octets, asked.port); }
  boost::asio::io_context loop;
  udp::socket socket;
};

struct Fixture : UdpPorts::Owner {
  struct Waiting : UdpPorts::Question {
    bool ended = false;
    bool believes = true;
    std::optional<Failure> failure;
  };

  ~Fixture() override {
    if (ports) ports->close();
  }
  UdpPorts& open(const config::Endpoint& server) {
    ports.emplace(loop, server, *this, entropy, counters);
    return *ports;
  }
  Waiting& ask() {
    auto& waiting = *all.emplace_back(std::make_unique<Waiting>());
    const auto id = static_cast<std::uint16_t>(all.size());
    waiting.octets.assign(30, 0);
    waiting.octets[0] = static_cast<std::uint8_t>(id >> 8);
    waiting.octets[1] = static_cast<std::uint8_t>(id & 0xff);
    ports->send(waiting);
    return waiting;
  }
  // One question in a turn of its own, and what came to the server.
  Asked ask(Server& server) {
    ask();
    turn();
    return server.take();
  }
  void turn() {
    loop.restart();
    loop.poll();
  }
  bool run_until(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (std::chrono::steady_clock::now() < deadline) {
      if (condition()) return true;
      loop.restart();
      loop.run_one_for(milliseconds(20));
    }
    return false;
  }
  bool answered(Server& server) {
    const auto asked = ask(server);
    auto& waiting = *all.back();
    server.answer(asked);
    return run_until([&] { return waiting.ended; }) && !waiting.failure;
  }

  bool replied(UdpPorts::Question& question, std::span<const std::uint8_t>) override {
    auto& waiting = static_cast<Waiting&>(question);
    CHECK_FALSE(waiting.ended);
    if (waiting.believes) waiting.ended = true;
    return waiting.believes;
  }
  void failed(UdpPorts::Question& question, Failure failure) override {
    auto& waiting = static_cast<Waiting&>(question);
    CHECK_FALSE(waiting.ended);
    waiting.ended = true;
    waiting.failure = failure;
  }
  void turn_ended() override { ++turns; }

  boost::asio::io_context loop;
  upstream::Entropy entropy;
  stats::WorkerCounters counters;
  std::vector<std::unique_ptr<Waiting>> all;
  std::optional<UdpPorts> ports;
  int turns = 0;
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "questions of different turns leave from different ports") {
  Server server;
  open(server.endpoint());
  std::set<std::uint16_t> from;
  for (int i = 0; i < 200; ++i) from.insert(ask(server).port);
  CHECK(from.size() == 200);  // all in flight at once: no two can be the same
  CHECK(counters.upstream_ports.get() == 200);
}

TEST_CASE_FIXTURE(Fixture, "what is sent in one turn leaves together, up to 32 from one port") {
  Server server;
  open(server.endpoint());
  for (int i = 0; i < 33; ++i) ask();
  CHECK(ports->open() == 0);
  turn();
  std::set<std::uint16_t> from;
  for (int i = 0; i < 33; ++i) {
    const auto asked = server.take();
    CHECK(asked.octets == all[static_cast<std::size_t>(i)]->octets);
    from.insert(asked.port);
  }
  CHECK(from.size() == 2);
}

TEST_CASE_FIXTURE(Fixture, "many questions do not wait for the end of a long turn") {
  Server server;
  open(server.endpoint());
  for (int i = 0; i < 64; ++i) ask();
  CHECK(ports->open() == 2);
}

TEST_CASE_FIXTURE(Fixture, "a port that has sent never sends again") {
  Server server;
  open(server.endpoint());
  // Until many sockets have been given other ports.
  std::uint64_t rounds = 0;
  REQUIRE(run_until([&] {
    for (int i = 0; i < 50; ++i) REQUIRE(answered(server));
    rounds += 50;
    CHECK(counters.upstream_ports.get() == rounds);
    return rounds > ports->open() + 300;
  }));
  CHECK(ports->open() <= UdpPorts::kMostPorts);
}

TEST_CASE_FIXTURE(Fixture, "a reply is taken at the port of its question only") {
  Server server;
  open(server.endpoint());
  const auto first = ask(server), second = ask(server);
  server.send(first.octets, second.port);
  REQUIRE(run_until([&] { return counters.upstream_strays.get() == 1; }));
  CHECK_FALSE(all[0]->ended);
  server.answer(first);
  REQUIRE(run_until([&] { return all[0]->ended; }));
  CHECK_FALSE(all[1]->ended);
}

TEST_CASE_FIXTURE(Fixture, "strays are counted: other ids, what has no id, what nobody waits for any more") {
  Server server;
  open(server.endpoint());
  const auto asked = ask(server);
  auto other = asked.octets;
  other[1] ^= 1;
  server.send(other, asked.port);
  server.send({}, asked.port);
  server.send(Octets(asked.octets.begin(), asked.octets.begin() + 11), asked.port);
  REQUIRE(run_until([&] { return counters.upstream_strays.get() == 3; }));
  CHECK_FALSE(all[0]->ended);
  ports->forget(*all[0]);
  server.answer(asked);
  REQUIRE(run_until([&] { return counters.upstream_strays.get() == 4; }));
  CHECK_FALSE(all[0]->ended);
}

TEST_CASE_FIXTURE(Fixture, "a second answer is counted as such while the port is there") {
  Server server;
  open(server.endpoint());
  const auto asked = ask(server);
  all[0]->believes = false;
  server.answer(asked);  // not believed: no answer, so the next one is the first
  turn();
  all[0]->believes = true;
  server.answer(asked);
  REQUIRE(run_until([&] { return all[0]->ended; }));
  CHECK(counters.upstream_doubles.get() == 0);
  server.answer(asked);
  REQUIRE(run_until([&] { return counters.upstream_doubles.get() == 1; }));
  CHECK(counters.upstream_strays.get() == 0);
}

TEST_CASE_FIXTURE(Fixture, "what lies in a socket when it gets another port was for the old one") {
  Server server;
  open(server.endpoint());
  const auto old = ask(server);
  server.answer(old);
  REQUIRE(run_until([&] { return all[0]->ended; }));
  // Until a question gets the socket of the one before it, which has a late reply for that one inside.
  REQUIRE(run_until([&] {
    const auto counted = counters.upstream_doubles.get() + counters.upstream_strays.get();
    for (const auto& waiting : all) CHECK(waiting->ended);
    const auto sockets = ports->open();
    server.answer(old);
    all[0]->octets[0] = 0x40;  // the next question has the id of the first
    auto& again = *all.emplace_back(std::make_unique<Waiting>());
    again.octets = old.octets;
    ports->send(again);
    turn();
    const bool moved = ports->open() == sockets && counters.upstream_doubles.get() > counted;
    CHECK_FALSE(again.ended);
    const auto asked = server.take();
    CHECK(asked.port != old.port);
    server.answer(asked);
    REQUIRE(run_until([&] { return again.ended; }));
    return moved;
  }));
}

TEST_CASE_FIXTURE(Fixture, "an ICMP error ends the questions of its own port") {
  auto server = std::make_unique<Server>();
  open(server->endpoint());
  ask(*server);
  ask(*server);
  server.reset();
  auto& late = ask();
  auto& later = ask();
  REQUIRE(run_until([&] { return late.ended && later.ended; }));
  CHECK(late.failure == Failure::Unreachable);
  CHECK(later.failure == Failure::Unreachable);
  CHECK_FALSE(all[0]->ended);
  CHECK_FALSE(all[1]->ended);
  CHECK(turns > 0);
}

TEST_CASE_FIXTURE(Fixture, "with all ports busy, busy ones take more questions") {
  Server server;
  open(server.endpoint());
  std::vector<Asked> asked;
  for (int i = 0; i < 300; ++i) asked.push_back(ask(server));
  CHECK(ports->open() == UdpPorts::kMostPorts);
  std::set<std::uint16_t> from;
  for (const auto& one : asked) from.insert(one.port);
  CHECK(from.size() == UdpPorts::kMostPorts);
  for (const auto& one : asked) server.answer(one);
  REQUIRE(run_until([&] { return std::all_of(all.begin(), all.end(), [](const auto& w) { return w->ended; }); }));
  CHECK(counters.upstream_strays.get() == 0);
}

TEST_CASE_FIXTURE(Fixture, "without descriptors questions share the ports that there are") {
  Server server;
  open(server.endpoint());
  ask(server);
  {
    const FewDescriptors none(0);
    CHECK(ask(server).port != 0);
  }
  CHECK(ports->open() == 1);
  ask(server);
  CHECK(ports->open() == 2);
}

#ifndef __SANITIZE_ADDRESS__  // UBSan, which comes with it, looks at objects through a pipe: two descriptors
TEST_CASE_FIXTURE(Fixture, "without any descriptor questions fail as busy, later") {
  Server server;
  for (const rlim_t left : {0, 1}) {
    CAPTURE(left);
    open(server.endpoint());
    auto& waiting = ask();
    const FewDescriptors few(left);  // one is epoll's
    CHECK_FALSE(waiting.ended);
    REQUIRE(run_until([&] { return waiting.ended && turns > 0; }));
    CHECK(waiting.failure == Failure::Busy);
    turns = 0;
  }
}

#endif

TEST_CASE_FIXTURE(Fixture, "an unreachable network is not this machine's fault") {
  open({boost::asio::ip::make_address("255.255.255.255"), 53});  // EACCES without SO_BROADCAST
  auto& waiting = ask();
  REQUIRE(run_until([&] { return waiting.ended; }));
  CHECK(waiting.failure == Failure::Unreachable);
}

TEST_CASE_FIXTURE(Fixture, "sockets that have nothing to do are closed, and nothing wakes the loop then") {
  Server server;
  open(server.endpoint());
  REQUIRE(answered(server));
  CHECK(ports->open() == 1);
  REQUIRE(run_until([&] { return ports->open() == 0; }));
  loop.restart();
  CHECK(loop.run_one_for(milliseconds(300)) == 0);
  REQUIRE(answered(server));
}

TEST_CASE_FIXTURE(Fixture, "a question that was forgotten before it left does not leave") {
  Server server;
  open(server.endpoint());
  ports->forget(ask());
  const auto asked = ask(server);
  CHECK(asked.octets == all[1]->octets);
}
