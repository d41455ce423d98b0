#include "server/udp_listener.hpp"

#include <doctest/doctest.h>
#include <set>

#include "server/running_server.hpp"

using namespace meridian;
using namespace meridian::test;

namespace {

constexpr const char* kZone = "reviews.prod A 240.0.0.7";

}  // namespace

TEST_CASE("a question over UDP") {
  RunningServer server(kZone);
  UdpClient client;
  const struct {
    const char* title;
    const char* name;
    std::uint16_t type;
    const char* reply;
  } cases[] = {
      {"for a name that exists is answered", "reviews.prod.global", kA, "NOERROR 240.0.0.7"},
      {"for a type that the name lacks is NODATA", "reviews.prod.global", kAaaa, "NOERROR"},
      {"for a name that does not exist is NXDOMAIN", "ratings.prod.global", kA, "NXDOMAIN"},
      {"outside our zones without upstreams is REFUSED", "example.com", kA, "REFUSED"},
  };
  for (const auto& c : cases) SUBCASE(c.title) {
      CHECK(client.ask(server.endpoint(), c.name, c.type) == c.reply);
    }
}

TEST_CASE("a thousand questions at once over UDP are all answered, each with its own id") {
  RunningServer server(kZone);
  UdpClient client;
  std::set<std::uint16_t> ids;
  for (std::uint16_t burst = 0; burst < 10; ++burst) {  // a hundred fit into any socket's buffer
    for (std::uint16_t i = 0; i < 100; ++i) {
      const auto id = static_cast<std::uint16_t>(burst * 100 + i);
      client.send(server.endpoint(), query_for("reviews.prod.global", kA, id));
    }
    for (int i = 0; i < 100; ++i) {
      const auto reply = client.receive();
      REQUIRE(summary(reply) == "NOERROR 240.0.0.7");
      ids.insert(id_of(reply));
    }
  }
  CHECK(ids.size() == 1000);
  CHECK(server.home_until([&] {
    return const_cast<stats::Queries&>(server.counters().queries)
               .at(stats::Transport::Udp, stats::QType::A, stats::RCode::NoError, stats::Place::Zone)
               .get() == 1000;
  }));
}

TEST_CASE("packets that deserve no reply get none, and do no harm") {
  RunningServer server(kZone);
  UdpClient client;
  auto response = query_for("reviews.prod.global", kA, 7);
  response[2] |= 0x80;
  const struct {
    const char* title;
    Octets packet;
  } cases[] = {
      {"an empty one", {}},
      {"one shorter than a header", Octets(11, 0)},
      {"a response", response},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      client.send(server.endpoint(), c.packet);
      CHECK(client.ask(server.endpoint(), "reviews.prod.global") == "NOERROR 240.0.0.7");  // and nothing before it
    }
  }
}

TEST_CASE("a packet that is larger than our buffer") {
  RunningServer server(kZone);
  UdpClient client;
  auto query = query_for("reviews.prod.global", kA, 9);
  query[11] = 1;                                                            // an OPT follows
  query += {0, 0, 41, 0x10, 0, 0, 0, 0, 0, 0x20, 0x04, 0, 12, 0x20, 0x00};  // with 8,192 octets of padding (RFC 7830)
  query.resize(query.size() + 0x2000);
  client.send(server.endpoint(), query);
  const auto reply = client.receive();
  CHECK(id_of(reply) == 9);
  CHECK(summary(reply) == "FORMERR");
}

TEST_CASE("a reply leaves from the address that was asked") {
  const struct {
    const char* title;
    const char* listen;
    const char* client;
    const char* asked;
  } cases[] = {
      {"on 0.0.0.0 asked at 127.0.0.1", "0.0.0.0", "127.0.0.1", "127.0.0.1"},
      {"on 0.0.0.0 asked at 127.0.0.2", "0.0.0.0", "127.0.0.1", "127.0.0.2"},
      {"on 0.0.0.0 asked at 127.9.9.9 from another address", "0.0.0.0", "127.0.0.3", "127.9.9.9"},
      {"on [::] asked at ::1", "::", "::1", "::1"},
      {"on one address", "127.0.0.5", "127.0.0.1", "127.0.0.5"},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      FakeUpstream upstream;
      RunningServer server(kZone, forwarding_to(upstream), 1, c.listen);
      UdpClient client(c.client);
      const auto asked = server.at(c.asked);
      CHECK(client.ask(asked, "reviews.prod.global") == "NOERROR 240.0.0.7");
      CHECK(client.sender() == asked);

      client.send(asked, query_for("www.example", kA, 77));  // and so does a forwarded one
      const auto www = upstream.asked("www.example");
      REQUIRE(www.has_value());
      upstream.answer(*www, "192.0.2.1");
      CHECK(summary(client.receive()) == "NOERROR 192.0.2.1");
      CHECK(client.sender() == asked);
    }
  }
}

TEST_CASE("questions that are forwarded don't hold up those that are not") {
  FakeUpstream upstream;
  RunningServer server(kZone, forwarding_to(upstream));
  UdpClient client;
  client.send(server.endpoint(), query_for("slow.example", kA, 1));
  const auto slow = upstream.asked("slow.example");
  REQUIRE(slow.has_value());
  CHECK(client.ask(server.endpoint(), "reviews.prod.global") == "NOERROR 240.0.0.7");
  upstream.answer(*slow, "192.0.2.1");
  const auto reply = client.receive();
  CHECK(id_of(reply) == 1);
  CHECK(summary(reply) == "NOERROR 192.0.2.1");
}
