// Questions over TCP: one connection for all, kept while it may be of use, and what its end means. The server's sockets
// are the test's own, so that nothing happens but what a row says.

#include <doctest/doctest.h>

#include <boost/asio.hpp>
#include <functional>
#include <memory>
#include <vector>

#include "support/scripted_upstream.hpp"
#include "upstream/ares_channel.hpp"
#include "upstream/few_descriptors.hpp"
#include "upstream/refusing_epoll.hpp"
#include "upstream/waiting.hpp"

using namespace meridian;
using namespace meridian::test;
using boost::asio::ip::tcp;
using std::chrono::milliseconds;
using upstream::AresChannel;
using upstream::Failure;
using upstream::Transport;

namespace {

struct Connection {
  explicit Connection(tcp::socket accepted) : socket(std::move(accepted)) {}
  tcp::socket socket;
  Octets received;
  std::vector<Octets> queries;
  bool ended = false;
};

struct Server {
  Server() : acceptor(loop, {boost::asio::ip::address_v4::loopback(), 0}) { acceptor.non_blocking(true); }
  config::Endpoint endpoint() const {
    return {boost::asio::ip::address_v4::loopback(), acceptor.local_endpoint().port()};
  }
  // Takes what has come; the number of queries on all connections so far.
  std::size_t asked() {
    boost::system::error_code error;
    auto socket = acceptor.accept(error);
    if (!error) {
      socket.non_blocking(true);
      connections.push_back(std::make_unique<Connection>(std::move(socket)));
    }
    std::size_t all = 0;
    for (auto& connection : connections) {
      take(*connection);
      all += connection->queries.size();
    }
    return all;
  }
  static void take(Connection& from) {
    std::array<std::uint8_t, 4096> octets;
    boost::system::error_code error;
    while (from.socket.is_open() && !error) {
      const auto got = from.socket.read_some(boost::asio::buffer(octets), error);
      from.received.insert(from.received.end(), octets.begin(), octets.begin() + static_cast<std::ptrdiff_t>(got));
    }
    if (error && error != boost::asio::error::would_block) from.ended = true;
    auto& in = from.received;
    while (in.size() >= 2 && in.size() >= 2u + (in[0] << 8 | in[1])) {
      const auto end = in.begin() + 2 + (in[0] << 8 | in[1]);
      from.queries.emplace_back(in.begin() + 2, end);
      in.erase(in.begin(), end);
    }
  }
  void send(std::size_t connection, const Octets& octets) {
    auto& socket = connections[connection]->socket;
    socket.non_blocking(false);
    boost::asio::write(socket, boost::asio::buffer(octets));
    socket.non_blocking(true);
  }
  void answer(std::size_t connection, std::size_t query, std::uint8_t last = 1) {
    send(connection, replies::with_length(replies::address(connections[connection]->queries[query], last)));
  }
  boost::asio::io_context loop;
  tcp::acceptor acceptor;
  std::vector<std::unique_ptr<Connection>> connections;
};

struct Fixture {
  std::shared_ptr<Waiting> ask() {
    auto waiting = std::make_shared<Waiting>();
    Octets octets = {0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 3, 'w', 'w', 'w', 4, 't', 'e', 's', 't', 0, 0, 1, 0, 1};
    waiting->id = channel->send(octets, waiting);
    return waiting;
  }
  // Asked and answered, over the server's connection of this number.
  bool good(std::size_t connection) {
    const auto before = server.asked();
    const auto waiting = ask();
    if (!run_until([&] { return server.asked() > before; }) || server.connections.size() != connection + 1)
      return false;
    server.answer(connection, server.connections[connection]->queries.size() - 1);
    return run_until([&] { return waiting->ends == 1; }) && !waiting->reply.empty();
  }
  bool run_until(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (std::chrono::steady_clock::now() < deadline) {
      if (condition()) return true;
      loop.restart();
      loop.run_one_for(milliseconds(10));
    }
    return false;
  }
  boost::asio::io_context loop;
  upstream::Entropy entropy;
  stats::WorkerCounters counters;
  Server server;
  std::unique_ptr<AresChannel> channel =
      std::make_unique<AresChannel>(loop, server.endpoint(), Transport::Tcp, milliseconds(5000), entropy, counters);
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "questions share a connection, and replies come in any order") {
  const auto first = ask(), second = ask(), third = ask();
  REQUIRE(run_until([&] { return server.asked() == 3; }));
  REQUIRE(server.connections.size() == 1);
  for (const std::uint8_t query : {2, 0, 1}) server.answer(0, query, query);
  REQUIRE(run_until([&] { return first->ends + second->ends + third->ends == 3; }));
  std::uint8_t last = 0;
  for (const auto& waiting : {first, second, third}) {
    REQUIRE(waiting->reply.size() > 2);
    CHECK((waiting->reply[0] << 8 | waiting->reply[1]) == waiting->id);
    CHECK(waiting->reply.back() == last++);
  }
  CHECK(counters.upstream_connections.get() == 1);
  CHECK(counters.upstream_ports.get() == 0);
}

TEST_CASE_FIXTURE(Fixture, "a connection is kept for the next question") {
  REQUIRE(good(0));
  CHECK(channel->in_flight() == 0);
  CHECK(good(0));
  CHECK(counters.upstream_connections.get() == 1);
}

TEST_CASE_FIXTURE(Fixture, "a connection that the server has closed costs the next question nothing") {
  for (const bool heard : {false, true}) {
    CAPTURE(heard);
    const auto number = server.connections.size();
    REQUIRE(good(number));
    server.connections[number]->socket.close();
    if (heard) {
      loop.restart();
      loop.run_for(milliseconds(20));
    }
    CHECK(good(number + 1));
    server.connections[number + 1]->socket.close();
  }
}

TEST_CASE_FIXTURE(Fixture, "a connection without questions ends after a while") {
  channel = std::make_unique<AresChannel>(loop, server.endpoint(), Transport::Tcp, milliseconds(5000), entropy,
                                          counters, milliseconds(30));
  REQUIRE(good(0));
  CHECK(run_until([&] { return server.asked() > 0 && server.connections[0]->ended; }));
  CHECK(good(1));
}

TEST_CASE_FIXTURE(Fixture, "a connection with a question does not end") {
  channel = std::make_unique<AresChannel>(loop, server.endpoint(), Transport::Tcp, milliseconds(5000), entropy,
                                          counters, milliseconds(30));
  REQUIRE(good(0));
  const auto slow = ask();
  REQUIRE(run_until([&] { return server.asked() == 2; }));
  loop.restart();
  loop.run_for(milliseconds(100));
  REQUIRE(server.asked() == 2);
  CHECK_FALSE(server.connections[0]->ended);
  server.answer(0, 1);
  CHECK(run_until([&] { return slow->ends == 1 && !slow->reply.empty(); }));
}

TEST_CASE_FIXTURE(Fixture, "the end of a connection ends the questions on it, and the next one opens another") {
  const struct {
    const char* title;
    std::size_t octets;  // of a reply, before the end
  } cases[] = {{"nothing came", 0}, {"half a length came", 1}, {"half a reply came", 20}};
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      const auto first = ask(), second = ask();
      REQUIRE(run_until([&] { return server.asked() == 2; }));
      auto reply = replies::with_length(replies::address(server.connections[0]->queries[0]));
      reply.resize(c.octets);
      server.send(0, reply);
      server.connections[0]->socket.close();
      REQUIRE(run_until([&] { return first->ends + second->ends == 2; }));
      CHECK(first->failure == Failure::Unreachable);
      CHECK(second->failure == Failure::Unreachable);
      CHECK(good(1));
    }
  }
}

TEST_CASE_FIXTURE(Fixture, "nobody listens") {
  server.acceptor.close();
  const auto waiting = ask();
  REQUIRE(run_until([&] { return waiting->ends == 1; }));
  CHECK(waiting->failure == Failure::Unreachable);
}

TEST_CASE_FIXTURE(Fixture, "no descriptor is no fault of the server's") {
  std::shared_ptr<Waiting> waiting;
  {
    const FewDescriptors none(0);
    waiting = ask();
  }
  CHECK(waiting->ends == 0);  // never from inside send()
  REQUIRE(run_until([&] { return waiting->ends == 1; }));
  CHECK(waiting->failure == Failure::Busy);
  CHECK(good(0));
}

TEST_CASE_FIXTURE(Fixture, "an epoll that takes nothing more fails the question, and costs no descriptor") {
  const auto before = descriptors();
  std::shared_ptr<Waiting> waiting;
  {
    const RefusingEpoll refusing;
    waiting = ask();
  }
  CHECK(waiting->ends == 0);
  REQUIRE(run_until([&] { return waiting->ends == 1; }));
  CHECK(waiting->reply.empty());
  CHECK(descriptors() == before);
  CHECK(good(0));
}

TEST_CASE_FIXTURE(Fixture, "a reply that is not believed ends its own question only") {
  const auto waiting = ask();
  waiting->belief = [](std::span<const std::uint8_t>) { return false; };
  const auto other = ask();
  REQUIRE(run_until([&] { return server.asked() == 2; }));
  server.answer(0, 0);
  REQUIRE(run_until([&] { return waiting->ends == 1; }));
  CHECK(waiting->failure == Failure::Rejected);
  CHECK(other->ends == 0);
  server.answer(0, 1);
  REQUIRE(run_until([&] { return other->ends == 1; }));
  CHECK_FALSE(other->reply.empty());
}

TEST_CASE_FIXTURE(Fixture, "a listener may destroy the channel, by a reply and by a failure") {
  for (const bool fails : {false, true}) {
    CAPTURE(fails);
    channel =
        std::make_unique<AresChannel>(loop, server.endpoint(), Transport::Tcp, milliseconds(5000), entropy, counters);
    const auto before = server.asked();
    const auto number = server.connections.size();
    const auto waiting = ask(), other = ask();
    waiting->then = other->then = [&] { channel.reset(); };
    REQUIRE(run_until([&] { return server.asked() == before + 2; }));
    if (!fails) server.answer(number, 0);
    server.connections[number]->socket.close();
    REQUIRE(run_until([&] { return !channel; }));
    loop.restart();
    loop.poll();
    CHECK(waiting->ends + other->ends == 1);
  }
}
