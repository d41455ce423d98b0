#include <doctest/doctest.h>
#include <sys/resource.h>
#include <set>

#include "server/running_server.hpp"
#include "server/socket_address.hpp"

using namespace meridian;
using namespace meridian::test;

namespace {

constexpr const char* kZone = "reviews.prod A 240.0.0.7";
constexpr const char* kName = "reviews.prod.global";
constexpr const char* kGood = "NOERROR 240.0.0.7";

config::Config with_limits(const config::Limits& limits) {
  auto config = quiet_config();
  config.limits = limits;
  return config;
}

config::Config with_idle(std::chrono::milliseconds idle) {
  config::Limits limits;
  limits.tcp_idle = idle;
  return with_limits(limits);
}

// A host whose answer has 60 addresses, near a thousand octets.
std::string wide_zone() {
  std::string text = "wide.prod A";
  for (int i = 1; i <= 60; ++i) text += " 240.0.1." + std::to_string(i);
  return text;
}

}  // namespace

TEST_CASE("an idle connection is closed after tcp-idle") {
  RunningServer server(kZone, with_idle(std::chrono::milliseconds{100}));
  TcpClient client(server.endpoint());
  SUBCASE("when it never asked") {}
  SUBCASE("when it has been answered") {
    CHECK(client.ask(kName) == kGood);
  }
  CHECK(client.ended());
  CHECK(server.home_until([&] { return server.counters().tcp_timeouts.get() == 1; }));
}

TEST_CASE("a message that trickles in is given tcp-idle from its first octet, however steadily it comes") {
  RunningServer server(kZone, with_idle(std::chrono::milliseconds{200}));
  TcpClient client(server.endpoint());
  REQUIRE(client.send({0xff, 0xff}));
  bool ended = false;
  for (int octet = 0; octet < 500 && !ended; ++octet) {  // ten seconds' worth of a message of twenty minutes
    client.send({0});
    ended = client.ends_within(std::chrono::milliseconds{20});
  }
  CHECK(ended);
}

TEST_CASE("a client that takes no replies is closed after tcp-idle") {
  RunningServer server(wide_zone(), with_idle(std::chrono::milliseconds{300}));
  TcpClient client(server.endpoint(), 4096);
  const auto question = framed(query_for("wide.prod.global", kA, 1));
  while (client.send_some(question) > 0) {
  }
  CHECK(server.home_until([&] { return server.counters().tcp_timeouts.get() == 1; }));
}

TEST_CASE("tcp-clients-per-address refuses the newest") {
  config::Limits limits;
  limits.tcp_clients_per_address = 2;
  RunningServer server(kZone, with_limits(limits), 2);
  TcpClient first(server.endpoint()), second(server.endpoint());
  CHECK(first.ask(kName) == kGood);
  CHECK(second.ask(kName) == kGood);
  TcpClient third(server.endpoint());
  CHECK(third.ended());
  CHECK(first.ask(kName) == kGood);
  CHECK(second.ask(kName) == kGood);
  CHECK(server.counters(0).tcp_refused.get() + server.counters(1).tcp_refused.get() == 1);
}

TEST_CASE("tcp-clients drops the connection that has been idle longest, whichever worker has it") {
  config::Limits limits;
  limits.tcp_clients = 2;
  RunningServer server(kZone, with_limits(limits), 2);
  TcpClient first(server.endpoint()), second(server.endpoint());
  CHECK(first.ask(kName) == kGood);
  CHECK(second.ask(kName) == kGood);
  CHECK(first.ask(kName) == kGood);
  TcpClient third(server.endpoint());
  CHECK(third.ask(kName) == kGood);
  CHECK(second.ended());
  CHECK(first.ask(kName) == kGood);
  CHECK(server.counters(0).tcp_evicted.get() + server.counters(1).tcp_evicted.get() == 1);
}

TEST_CASE("a connection that waits for an answer is not dropped for a newer one") {
  FakeUpstream upstream;
  auto config = forwarding_to(upstream);
  config.limits.tcp_clients = 1;
  RunningServer server(kZone, config);
  TcpClient busy(server.endpoint());
  REQUIRE(busy.send(framed(query_for("www.example", kA, 1))));
  const auto www = upstream.asked("www.example");
  REQUIRE(www.has_value());
  TcpClient newer(server.endpoint());
  CHECK(newer.ended());
  upstream.answer(*www, "192.0.2.1");
  CHECK(summary(busy.receive()) == "NOERROR 192.0.2.1");
}

TEST_CASE("reading stops at tcp-in-flight questions and goes on when one is answered") {
  FakeUpstream upstream;
  auto config = forwarding_to(upstream);
  config.limits.tcp_in_flight = 2;
  RunningServer server(kZone, config);
  TcpClient client(server.endpoint());
  auto all = framed(query_for("one.example", kA, 1));
  all += framed(query_for("two.example", kA, 2));
  all += framed(query_for("three.example", kA, 3));
  all += framed(query_for(kName, kA, 4));
  REQUIRE(client.send(all));
  const auto one = upstream.asked("one.example");
  REQUIRE(one.has_value());
  upstream.answer(*one, "192.0.2.1");
  CHECK(id_of(client.receive()) == 1);  // not 4, which needs nobody
  const auto three = upstream.asked("three.example");
  REQUIRE(three.has_value());
  upstream.answer(*three, "192.0.2.3");
  const std::set<std::uint16_t> next{id_of(client.receive()), id_of(client.receive())};
  CHECK(next == std::set<std::uint16_t>{3, 4});
}

TEST_CASE("a client that doesn't read is not read from, and loses nothing when it reads again") {
  RunningServer server(wide_zone());
  TcpClient client(server.endpoint(), 4096);
  const auto question = framed(query_for("wide.prod.global", kA, 1));
  std::size_t sent = 0;
  while (sent < 64u << 20) {  // until nothing is taken any more
    const auto part = sent % question.size();
    const auto count = client.send_some({question.begin() + static_cast<std::ptrdiff_t>(part), question.end()});
    if (count == 0) break;
    sent += count;
  }
  CHECK(sent < 64u << 20);
  TcpClient other(server.endpoint());
  CHECK(other.ask("nobody.global") == "NXDOMAIN");

  std::size_t answered = 0;
  for (; answered < sent / question.size(); ++answered)
    if (summary(client.receive()).rfind("NOERROR", 0) != 0) break;
  CHECK(answered == sent / question.size());
}

TEST_CASE("out of descriptors, accepting pauses and UDP goes on; with descriptors again, nobody has been lost") {
  RunningServer server(kZone);
  UdpClient udp;
  TcpClient before(server.endpoint());
  CHECK(before.ask(kName) == kGood);

  TcpClient waiting(server.endpoint());  // accepted or in the queue
  CHECK(waiting.ask(kName) == kGood);
  rlimit old{};
  ::getrlimit(RLIMIT_NOFILE, &old);
  const server::Descriptor lowest{::dup(0)};
  const server::Descriptor socket{::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0)};
  const rlimit none{static_cast<rlim_t>(socket.get()) + 1, old.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &none);
  const auto address = server::to_socket_address(server.endpoint());
  ::connect(socket.get(), address.get(), address.size);
  CHECK(server.home_until([&] { return server.counters().tcp_accept_pauses.get() > 0; }));
  CHECK(udp.ask(server.endpoint(), kName) == kGood);
  CHECK(before.ask(kName) == kGood);
  const auto accepted = server.counters().tcp_accepted.get();
  ::setrlimit(RLIMIT_NOFILE, &old);
  CHECK(server.home_until([&] { return server.counters().tcp_accepted.get() == accepted + 1; }));
}
