#include "server/tcp_connection.hpp"

#include <doctest/doctest.h>
#include <set>

#include "server/running_server.hpp"

using namespace meridian;
using namespace meridian::test;

namespace {

constexpr const char* kZone = "reviews.prod A 240.0.0.7";
constexpr const char* kName = "reviews.prod.global";
constexpr const char* kGood = "NOERROR 240.0.0.7";

Octets question(std::uint16_t id) {
  return framed(query_for(kName, kA, id));
}

Octets response(std::uint16_t id) {
  auto message = query_for(kName, kA, id);
  message[2] |= 0x80;
  return framed(message);
}

}  // namespace

TEST_CASE("a hundred questions in one write are all answered") {
  RunningServer server(kZone);
  TcpClient client(server.endpoint());
  Octets all;
  for (std::uint16_t id = 1; id <= 100; ++id) all += question(id);
  REQUIRE(client.send(all));
  std::set<std::uint16_t> ids;
  for (int i = 0; i < 100; ++i) {
    const auto reply = client.receive();
    REQUIRE(summary(reply) == kGood);
    ids.insert(id_of(reply));
  }
  CHECK(ids.size() == 100);
}

TEST_CASE("questions that come octet by octet are answered") {
  RunningServer server(kZone);
  TcpClient client(server.endpoint());
  auto octets = question(1);
  octets += question(2);
  for (const auto octet : octets) REQUIRE(client.send({octet}));
  CHECK(summary(client.receive()) == kGood);
  CHECK(id_of(client.receive()) == 2);
}

TEST_CASE("a client that closes its half after the question is still answered, and then closed") {
  FakeUpstream upstream;
  RunningServer server(kZone, forwarding_to(upstream));
  TcpClient client(server.endpoint());
  SUBCASE("when the answer is ours") {
    REQUIRE(client.send(question(1)));
    client.half_close();
    CHECK(summary(client.receive()) == kGood);
  }
  SUBCASE("when it has to be asked for") {
    REQUIRE(client.send(framed(query_for("www.example", kA, 1))));
    client.half_close();
    const auto www = upstream.asked("www.example");
    REQUIRE(www.has_value());
    upstream.answer(*www, "192.0.2.1");
    CHECK(summary(client.receive()) == "NOERROR 192.0.2.1");
  }
  CHECK(client.ended());
}

TEST_CASE("answers come in the order in which they are ready") {
  FakeUpstream upstream;
  RunningServer server(kZone, forwarding_to(upstream));
  TcpClient client(server.endpoint());
  auto both = framed(query_for("www.example", kA, 1));
  both += question(2);
  REQUIRE(client.send(both));
  CHECK(id_of(client.receive()) == 2);
  const auto www = upstream.asked("www.example");
  REQUIRE(www.has_value());
  upstream.answer(*www, "192.0.2.1");
  CHECK(id_of(client.receive()) == 1);
}

TEST_CASE("a connection survives what is no question") {
  RunningServer server(kZone);
  TcpClient client(server.endpoint());
  const struct {
    const char* title;
    Octets octets;
    const char* reply;  // "": none
  } cases[] = {
      {"a message of no octets", {0, 0}, ""},
      {"a message of five octets", {0, 5, 1, 2, 3, 4, 5}, ""},
      {"a response", response(9), ""},
      {"a message whose question is cut", framed({0, 9, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 63, 'x'}), "FORMERR"},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      auto octets = question(1);
      octets += c.octets;
      octets += question(2);
      REQUIRE(client.send(octets));
      CHECK(summary(client.receive()) == kGood);
      if (*c.reply) CHECK(summary(client.receive()) == c.reply);
      const auto last = client.receive();
      CHECK(id_of(last) == 2);
      CHECK(summary(last) == kGood);
    }
  }
}

TEST_CASE("a message of 65,535 octets is read whole") {
  RunningServer server(kZone);
  TcpClient client(server.endpoint());
  auto message = query_for(kName, kA, 1);
  message[11] = 1;  // an OPT follows
  const auto padding = static_cast<unsigned>(65535 - message.size() - 15);
  message += {0,
              0,
              41,
              0x10,
              0,
              0,
              0,
              0,
              0,
              static_cast<std::uint8_t>((padding + 4) >> 8),
              static_cast<std::uint8_t>(padding + 4),
              0,
              12,
              static_cast<std::uint8_t>(padding >> 8),
              static_cast<std::uint8_t>(padding)};
  message.resize(65535);
  auto octets = framed(message);
  octets += question(2);
  REQUIRE(client.send(octets));
  CHECK(summary(client.receive()) == kGood);
  CHECK(id_of(client.receive()) == 2);
}

TEST_CASE("two hundred connections that are reset leave nothing behind") {
  RunningServer server(kZone);
  for (int i = 0; i < 200; ++i) {
    TcpClient client(server.endpoint());
    auto octets = question(1);
    octets.push_back(0);  // and half of a length
    client.send(octets);
    client.reset();
  }
  TcpClient client(server.endpoint());
  CHECK(client.ask(kName) == kGood);
  CHECK(server.home_until([&] { return server.counters().tcp_open.get() == 1; }));
  CHECK(server.admission().open() == 1);
}

TEST_CASE("an answer that comes after its connection has gone is dropped") {
  FakeUpstream upstream;
  RunningServer server(kZone, forwarding_to(upstream));
  TcpClient client(server.endpoint());
  REQUIRE(client.send(framed(query_for("www.example", kA, 1))));
  const auto www = upstream.asked("www.example");
  REQUIRE(www.has_value());
  client.reset();
  REQUIRE(server.home_until([&] { return server.counters().tcp_open.get() == 0; }));
  upstream.answer(*www, "192.0.2.1");
  TcpClient other(server.endpoint());
  CHECK(other.ask(kName) == kGood);
}
