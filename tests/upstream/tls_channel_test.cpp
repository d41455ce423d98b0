// A kept connection over TLS: what goes over it, and what becomes of questions when it ends.

#include "upstream/tls_channel.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <set>

#include "support/scripted_upstream.hpp"
#include "upstream/tls_asking.hpp"

using namespace meridian;
using namespace meridian::test;
using std::chrono::milliseconds;
using upstream::TlsChannel;
using Conversation = TlsServer::Conversation;
using Octets = TlsServer::Octets;

namespace {

Octets answer_to(const Octets& query) {
  return replies::with_length(replies::address(query));
}

struct Fixture : TlsAsking {
  std::unique_ptr<TlsServer> serve(TlsServer::Script script, TlsServer::Options options = {}) const {
    return std::make_unique<TlsServer>(identity, std::move(script), options);
  }
  bool all_ended(const std::vector<WaitingPtr>& all) {
    return run_until([&] { return std::ranges::all_of(all, [](const auto& waiting) { return waiting->ends > 0; }); });
  }
  const Identity identity = authority.issue("DNS:dns.test");
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "a query goes out padded under its own id, and its reply comes back as it was sent") {
  Octets seen;
  const auto server = serve([&](Conversation& client) {
    seen = client.query();
    client.write(answer_to(seen));
    client.wait_for_end();
  });
  const auto channel = open(server->endpoint());
  const auto waiting = send(*channel);
  CHECK(channel->in_flight() == 1);
  REQUIRE(run_until([&] { return waiting->ends == 1; }));
  CHECK(channel->in_flight() == 0);
  CHECK(waiting->reply == replies::address(seen));
  CHECK(seen.size() == 128);
  CHECK(std::equal(waiting->query.begin(), waiting->query.end() - 1, seen.begin()));  // but for RDLENGTH
  CHECK(counters.upstream_connections.get() == 1);
}

TEST_CASE_FIXTURE(Fixture, "many questions share a connection, and are answered in any order") {
  constexpr std::size_t kMany = 500;
  const auto server = serve([](Conversation& client) {
    std::vector<Octets> queries;
    while (queries.size() < kMany) queries.push_back(client.query());
    Octets stream;
    for (auto query = queries.rbegin(); query != queries.rend(); ++query) {
      const auto answer = answer_to(*query);
      stream.insert(stream.end(), answer.begin(), answer.end());
    }
    client.write(stream);
    client.wait_for_end();
  });
  const auto channel = open(server->endpoint());
  std::vector<WaitingPtr> all;
  std::set<std::pair<std::uint8_t, std::uint8_t>> ids;
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < kMany; ++i) {
    all.push_back(send(*channel));
    all.back()->then = [&order, i] { order.push_back(i); };
    ids.emplace(all.back()->query[0], all.back()->query[1]);
  }
  CHECK(ids.size() == kMany);
  REQUIRE(all_ended(all));
  for (const auto& waiting : all) {
    CHECK(end_of(*waiting) == "answered");
    CHECK(std::equal(waiting->reply.begin(), waiting->reply.begin() + 2, waiting->query.begin()));
  }
  CHECK(std::ranges::is_sorted(order, std::greater<>()));
  CHECK(server->connections() == 1);
}

TEST_CASE_FIXTURE(Fixture, "a reply may be split at every octet") {
  const auto server = serve([](Conversation& client) {
    for (;;) {
      for (const auto octet : answer_to(client.query())) client.write({octet});
    }
  });
  const auto channel = open(server->endpoint());
  const auto first = send(*channel), second = send(*channel);
  REQUIRE(all_ended({first, second}));
  CHECK(end_of(*first) == "answered");
  CHECK(end_of(*second) == "answered");
}

TEST_CASE_FIXTURE(Fixture, "a reply may be split in two anywhere, behind the one before it") {
  const auto server = serve([](Conversation& client) {
    for (std::size_t at = 1;; ++at) {
      auto stream = answer_to(client.query());
      const auto second = answer_to(client.query());
      stream.insert(stream.end(), second.begin(), second.end());
      const auto middle = stream.begin() + static_cast<std::ptrdiff_t>(at % stream.size());
      client.write({stream.begin(), middle});
      client.write({middle, stream.end()});
    }
  });
  const auto channel = open(server->endpoint());
  for (int i = 0; i < 100; ++i) {
    const auto first = send(*channel), second = send(*channel);
    REQUIRE(all_ended({first, second}));
    REQUIRE(end_of(*first) == "answered");
    REQUIRE(end_of(*second) == "answered");
  }
  CHECK(server->connections() == 1);
}

TEST_CASE_FIXTURE(Fixture, "a reply may have 65535 octets") {
  const auto server = serve([](Conversation& client) {
    for (;;) {
      auto reply = replies::address(client.query());
      reply.resize(65535, 0x5a);
      client.write(replies::with_length(reply));
    }
  });
  const auto channel = open(server->endpoint());
  for (int i = 0; i < 2; ++i) {
    const auto waiting = send(*channel);
    REQUIRE(run_until([&] { return waiting->ends == 1; }));
    CHECK(waiting->reply.size() == 65535);
    CHECK(waiting->reply.back() == 0x5a);
  }
}

TEST_CASE_FIXTURE(Fixture, "what nobody waits for is dropped") {
  const auto server = serve([](Conversation& client) {
    const auto query = client.query();
    auto other = replies::address(query);
    other[0] = static_cast<std::uint8_t>(other[0] ^ 1);
    client.write({0, 0});                                  // nothing
    client.write({0, 1, query[0]});                        // less than an id
    client.write({0, 4, query[0], query[1], 0x80, 0x00});  // less than a header
    client.write(replies::with_length(other));
    client.write(answer_to(query));
    client.write(answer_to(query));  // again
    client.write(answer_to(client.query()));
    client.wait_for_end();
  });
  const auto channel = open(server->endpoint());
  CHECK(ask(*channel) == "answered");
  CHECK(ask(*channel) == "answered");
  CHECK(server->connections() == 1);
  CHECK(counters.upstream_strays.get() == 2);
}

TEST_CASE_FIXTURE(Fixture, "a reply that is not believed ends its own question only") {
  const auto server = serve(answer_all);
  const auto channel = open(server->endpoint());
  const auto refused = std::make_shared<Waiting>();
  refused->belief = [](std::span<const std::uint8_t>) { return false; };
  send(*channel, refused);
  const auto other = send(*channel);
  REQUIRE(all_ended({refused, other}));
  CHECK(end_of(*refused) == "rejected");
  CHECK(end_of(*other) == "answered");
  CHECK(server->connections() == 1);
}

TEST_CASE_FIXTURE(Fixture, "a server that closes") {
  SUBCASE("in the middle of a reply fails what is in flight, at once, and the next question connects again") {
    const auto server = serve([](Conversation& client) {
      if (client.number() > 0) return answer_all(client);
      client.write(answer_to(client.query()));
      auto cut = answer_to(client.query());
      cut.resize(cut.size() / 2);
      client.write(cut);
    });
    const auto channel = open(server->endpoint());
    CHECK(ask(*channel) == "answered");
    const auto first = send(*channel), second = send(*channel);
    REQUIRE(all_ended({first, second}));
    CHECK(end_of(*first) == "unreachable");
    CHECK(end_of(*second) == "unreachable");
    CHECK(ask(*channel) == "answered");  // without a pause: it had served
    CHECK(counters.upstream_connections.get() == 2);
    CHECK(server->hellos().at(1).resumed);
    CHECK(log.text() == "");
  }
  SUBCASE("while the connection idles costs nothing") {
    const auto server = serve([](Conversation& client) { client.write(answer_to(client.query())); });
    const auto channel = open(server->endpoint());
    for (int i = 0; i < 5; ++i) {
      CHECK(ask(*channel) == "answered");
      REQUIRE(run_until([&] { return server->open() == 0; }));
      loop.restart();
      loop.poll();  // hears of it
    }
    CHECK(server->connections() == 5);
    CHECK(log.text() == "");
  }
  SUBCASE("before its first answer is connected to with pauses, and is told of once") {
    const auto server = serve([](Conversation& client) { client.query(); });
    const auto channel = open(server->endpoint());
    const auto start = std::chrono::steady_clock::now();
    unsigned asked = 0;
    while (server->connections() < 4) {
      REQUIRE(ask(*channel) == "unreachable");
      ++asked;
    }
    const auto took = std::chrono::steady_clock::now() - start;
    CHECK(took >= milliseconds(200 + 400 + 800));
    CHECK(asked > server->connections());
    CHECK(log.count("it hung up") == 1);
  }
}

TEST_CASE_FIXTURE(Fixture, "a server that comes back is asked again, and that is told") {
  // Held by a socket that does not listen, so that nobody else gets the port before the server does.
  boost::asio::ip::tcp::socket place(loop, boost::asio::ip::tcp::v4());
  place.set_option(boost::asio::socket_base::reuse_address(true));
  place.bind({boost::asio::ip::address_v4::loopback(), 0});
  const auto port = place.local_endpoint().port();
  const auto channel = open({boost::asio::ip::address_v4::loopback(), port});
  CHECK(ask(*channel) == "unreachable");
  CHECK(ask(*channel) == "unreachable");
  TlsServer::Options there;
  there.port = port;
  const auto server = serve(answer_all, there);
  CHECK(run_until([&] { return ask(*channel) == "answered"; }));
  CHECK(log.count("connection refused") == 1);
  CHECK(log.count("answers over TLS again") == 1);
}

TEST_CASE_FIXTURE(Fixture, "a connection that idles is closed, nothing wakes us up then, and it is resumed") {
  const auto server = serve(answer_all);
  const auto channel = open(server->endpoint(), "dns.test", milliseconds(2000), milliseconds(100));
  for (int i = 0; i < 3; ++i) {
    CHECK(ask(*channel) == "answered");
    const auto start = std::chrono::steady_clock::now();
    loop.restart();
    loop.run_for(std::chrono::seconds(20));  // ends when the loop has nothing more to do
    CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(15));
    CHECK(run_until([&] { return server->open() == 0; }));
  }
  REQUIRE(server->hellos().size() == 3);
  CHECK_FALSE(server->hellos()[0].resumed);
  CHECK(server->hellos()[1].resumed);
  CHECK(server->hellos()[2].resumed);
}

TEST_CASE_FIXTURE(Fixture, "silence ends after the channel's patience, and the connection is left") {
  const auto server = serve([](Conversation& client) {
    if (client.number() > 0) return answer_all(client);
    client.write(answer_to(client.query()));
    client.wait_for_end();
  });
  const auto channel = open(server->endpoint(), "dns.test", milliseconds(300));
  CHECK(ask(*channel) == "answered");
  CHECK(ask(*channel) == "timed out");
  CHECK(ask(*channel) == "answered");
  CHECK(server->connections() == 2);
}

TEST_CASE_FIXTURE(Fixture, "a listener may destroy the channel while others wait on it") {
  const auto server = serve(answer_all);
  for (const auto& where : {server->endpoint(), closed_port()}) {
    auto channel = open(where);
    int ends = 0;
    for (int i = 0; i < 20; ++i) {
      send(*channel)->then = [&] {
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

TEST_CASE_FIXTURE(Fixture, "a channel may go at any moment") {
  const auto server = serve(answer_all);
  for (int turns = 0; turns < 40; ++turns) {
    auto channel = open(server->endpoint());
    const auto waiting = send(*channel);
    loop.restart();
    for (int i = 0; i < turns; ++i) loop.poll_one();
    channel.reset();
    const int ends = waiting->ends;
    loop.restart();
    loop.run_for(milliseconds(2));
    CHECK(waiting->ends == ends);
  }
}

TEST_CASE_FIXTURE(Fixture, "a listener may ask again on the channel") {
  const auto server = serve(answer_all);
  for (const auto& where : {server->endpoint(), closed_port()}) {
    const auto channel = open(where);
    const auto first = send(*channel);
    WaitingPtr second;
    first->then = [&] { second = send(*channel); };
    REQUIRE(run_until([&] { return second && second->ends == 1; }));
    CHECK(end_of(*second) == end_of(*first));
  }
}

TEST_CASE_FIXTURE(Fixture, "a channel that is full says so") {
  const auto server = serve([](Conversation& client) { client.wait_for_end(); });
  const auto channel = open(server->endpoint());
  const auto waiting = std::make_shared<Waiting>();
  for (std::size_t i = 0; i < TlsChannel::kMostQueued / 128; ++i) send(*channel, waiting);  // none has left yet
  CHECK(waiting->ends == 0);
  const auto late = send(*channel);
  CHECK(late->ends == 0);  // never from inside send()
  REQUIRE(run_until([&] { return late->ends == 1; }));
  CHECK(end_of(*late) == "busy");
}
