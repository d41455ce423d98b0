// What the guard asks, what it recognizes, and when a verdict ends. Times are the test's own, but for the questions
// that really go to a server.

#include "upstream/loop_guard.hpp"

#include <doctest/doctest.h>
#include <spdlog/spdlog.h>

#include <set>
#include <thread>

#include "support/scripted_upstream.hpp"
#include "upstream/loop_probe.hpp"
#include "upstream/server_maker.hpp"

using namespace meridian;
using namespace meridian::test;
using std::chrono::milliseconds;
using std::chrono::seconds;
using upstream::LoopGuard;

namespace {

// Verdicts are logged, and here there are many.
struct Quiet {
  Quiet() { spdlog::set_level(spdlog::level::off); }
  ~Quiet() { spdlog::set_level(spdlog::level::info); }
};

const LoopGuard::Time kStart = LoopGuard::Time() + std::chrono::hours(1);
const std::string kServer = "10.0.0.1:53";

dns::Name name(const std::string& text) {
  return *dns::Name::from_text(text);
}

Octets packet_of(std::span<const std::uint8_t> question) {
  Octets packet = {0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0};
  packet.insert(packet.end(), question.begin(), question.end());
  return packet;
}

// A client asks us this.
bool caught(LoopGuard& guard, std::span<const std::uint8_t> question) {
  const auto packet = packet_of(question);
  dns::Query query;
  REQUIRE(dns::parse_query(packet, query) == dns::Fault::None);
  return guard.caught(query);
}

Octets question_for(const dns::Name& owner) {
  Octets question(owner.wire().begin(), owner.wire().end());
  question.insert(question.end(), {0, 16, 0, 1});
  return question;
}

dns::Name name_in(std::span<const std::uint8_t> question) {
  return dns::Name::from_wire(question.first(question.size() - 4));
}

}  // namespace

TEST_CASE("what is asked is a name of one label directly below the zone, another one each time") {
  LoopGuard guard;
  std::set<dns::Name> names;
  for (const char* zone : {"cluster.local", "Svc.Cluster.LOCAL", "test"}) {
    for (const char* server : {"10.0.0.1:53", "10.0.0.2:53"}) {
      const auto probe = guard.probe(server, name(zone), kStart);
      REQUIRE(probe.question.size() > 4);
      const auto asked = name_in(probe.question);
      CHECK(asked.parent() == name(zone));
      CHECK(asked.to_text().starts_with("meridian-loop-"));
      CHECK(names.insert(asked).second);
    }
  }
}

TEST_CASE("below the root it has two labels, since not everybody forwards names of one") {
  LoopGuard guard;
  const auto asked = name_in(guard.probe(kServer, dns::Name(), kStart).question);
  CHECK(asked.labels() == 2);
  CHECK(asked.to_text().starts_with("meridian-loop-"));
}

TEST_CASE("a zone whose name leaves no room is not asked about") {
  const auto label = std::string(63, 'x');
  LoopGuard guard;
  const auto zone = name(label + "." + label + "." + label + "." + std::string(40, 'x'));
  const auto probe = guard.probe(kServer, zone, kStart);
  CHECK(probe.question.empty());
  CHECK_FALSE(probe.suspect->looping);
}

TEST_CASE("one of all who ask sends the question") {
  LoopGuard guard;
  const auto first = guard.probe(kServer, dns::Name(), kStart);
  CHECK_FALSE(first.question.empty());
  const auto second = guard.probe(kServer, dns::Name(), kStart + milliseconds(1));
  CHECK(second.question.empty());
  CHECK(second.suspect == first.suspect);
  CHECK(guard.probe(kServer, name("CLUSTER.local"), kStart).suspect ==
        guard.probe(kServer, name("cluster.LOCAL"), kStart).suspect);
}

TEST_CASE("what is caught") {
  LoopGuard guard;
  const auto probe = guard.probe(kServer, name("cluster.local"), kStart);
  const auto asked = name_in(probe.question);
  const auto label = asked.to_text().substr(0, asked.to_text().find('.'));
  auto stranger = label;
  stranger.back() = stranger.back() == '0' ? '1' : '0';

  SUBCASE("is the name that was asked") {
    CHECK(caught(guard, probe.question));
    CHECK(probe.suspect->looping);
    CHECK(caught(guard, probe.question));  // others repeat what is not answered
  }
  SUBCASE("in any spelling, with any type, and below whatever others have put behind it") {
    Octets question = probe.question;
    for (auto& octet : question) octet = static_cast<std::uint8_t>(octet >= 'a' && octet <= 'z' ? octet - 32 : octet);
    CHECK(caught(guard, question));
    question[question.size() - 3] = 1;
    CHECK(caught(guard, question));
    CHECK(caught(guard, question_for(name(label + ".corp.example"))));
  }
  SUBCASE("is nothing else") {
    for (const auto& other : {std::string("."), std::string("www.example.com"), "x." + label + ".cluster.local",
                              std::string("meridian-loop-1.cluster.local"), stranger + ".cluster.local"}) {
      CAPTURE(other);
      CHECK_FALSE(caught(guard, question_for(name(other))));
    }
    CHECK_FALSE(probe.suspect->looping);
  }
  SUBCASE("concerns one server in one zone") {
    const auto elsewhere = guard.probe(kServer, dns::Name(), kStart);
    const auto other = guard.probe("10.0.0.2:53", name("cluster.local"), kStart);
    CHECK(caught(guard, probe.question));
    CHECK_FALSE(elsewhere.suspect->looping);
    CHECK_FALSE(other.suspect->looping);
  }
}

TEST_CASE("the next question") {
  LoopGuard guard;
  auto now = kStart;
  const auto zone = name("cluster.local");
  const auto due = [&](LoopGuard::Time at) { return !guard.probe(kServer, zone, at).question.empty(); };
  const auto first = guard.probe(kServer, zone, now);

  SUBCASE("comes after half a minute where there is a loop") {
    REQUIRE(caught(guard, first.question));
    guard.ended(kServer, zone, true, now);
    CHECK_FALSE(due(now + seconds(29)));
    CHECK(due(now + seconds(30)));
  }
  SUBCASE("and where nobody answered") {
    guard.ended(kServer, zone, false, now);
    CHECK_FALSE(due(now + seconds(29)));
    CHECK(due(now + seconds(30)));
  }
  SUBCASE("comes seldom where there is none") {
    guard.ended(kServer, zone, true, now);
    CHECK_FALSE(due(now + seconds(599)));
    CHECK(due(now + seconds(600)));
  }
  SUBCASE("comes though the end of the last one was never told") {
    CHECK(due(now + seconds(20)));
  }
  SUBCASE("comes once after a reload, that each worker tells of") {
    guard.ended(kServer, zone, true, now);
    for (int i = 0; i < 3; ++i) guard.renew(kServer, zone);
    CHECK_FALSE(due(now + seconds(4)));
    CHECK(due(now + seconds(5)));
    guard.renew(kServer, zone);
    CHECK_FALSE(due(now + seconds(6)));
  }
}

TEST_CASE("a verdict stays until a later question has ended without coming back") {
  LoopGuard guard;
  const auto zone = dns::Name();
  const auto first = guard.probe(kServer, zone, kStart);
  REQUIRE(caught(guard, first.question));
  guard.ended(kServer, zone, true, kStart + milliseconds(2));
  CHECK(first.suspect->looping);
  const auto later = kStart + seconds(40);

  SUBCASE("not by the reload itself") {
    guard.renew(kServer, zone);
    const auto second = guard.probe(kServer, zone, later);
    REQUIRE_FALSE(second.question.empty());
    CHECK(second.suspect->looping);
    CHECK_FALSE(caught(guard, first.question));  // of before
    CHECK(caught(guard, second.question));
    guard.ended(kServer, zone, true, later);
    CHECK(second.suspect->looping);
  }
  SUBCASE("answered by somebody else, or by nobody") {
    for (const bool answered : {true, false}) {
      const auto at = later + seconds(answered ? 0 : 3600);
      const auto again = guard.probe(kServer, zone, at);
      REQUIRE_FALSE(again.question.empty());
      guard.ended(kServer, zone, answered, at + seconds(1));
      CHECK_FALSE(again.suspect->looping);
    }
  }
  SUBCASE("coming back late makes it a loop again") {
    const auto second = guard.probe(kServer, zone, later);
    guard.ended(kServer, zone, false, later + seconds(9));
    CHECK_FALSE(second.suspect->looping);
    CHECK(caught(guard, second.question));
    CHECK(second.suspect->looping);
  }
}

TEST_CASE("a server that nobody has any more is forgotten") {
  LoopGuard guard;
  auto first = guard.probe(kServer, dns::Name(), kStart);
  const auto question = first.question;
  first.suspect.reset();
  guard.probe("10.0.0.2:53", dns::Name(), kStart);
  CHECK_FALSE(caught(guard, question));
  CHECK_FALSE(guard.probe(kServer, dns::Name(), kStart).question.empty());  // as at the first time
}

TEST_CASE("workers watch, catch and end at the same time") {
  const Quiet quiet;
  LoopGuard guard;
  std::vector<std::thread> workers;
  for (int worker = 0; worker < 4; ++worker) {
    workers.emplace_back([&guard, worker] {
      auto now = kStart;
      for (int i = 0; i < 2000; ++i) {
        const auto server = "10.0.0." + std::to_string((worker + i) % 3) + ":53";
        const auto probe = guard.probe(server, dns::Name(), now += seconds(31));
        if (probe.question.empty()) continue;
        const auto packet = packet_of(probe.question);
        dns::Query query;
        dns::parse_query(packet, query);
        guard.caught(query);
        guard.ended(server, dns::Name(), true, now);
      }
    });
  }
  for (auto& worker : workers) worker.join();
  CHECK(guard.probe(kServer, dns::Name(), kStart + std::chrono::hours(1000)).question.size() > 4);
}

TEST_CASE("the question that a worker sends") {
  ServerMaker maker;
  maker.patience = milliseconds(100);
  auto& loop = maker.loop;
  LoopGuard guard;
  const auto watch = upstream::loop_watch(guard);
  const auto server_at = [&](const ScriptedUpstream& at) { return maker(config::Forward::Server(at.endpoint())); };
  const auto run_until = [&](const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + seconds(20);
    while (!condition() && std::chrono::steady_clock::now() < deadline) {
      loop.restart();
      loop.run_one_for(milliseconds(20));
    }
    return condition();
  };
  // As long as the end has not been told, the guard asks again and again.
  auto ended = [&, later = LoopGuard::Time::clock::now()](const upstream::UpstreamPtr& server) mutable {
    return guard.probe(server->name(), dns::Name(), later += LoopGuard::kForgotten + milliseconds(1)).question.empty();
  };
  const auto now = LoopGuard::Time::clock::now();

  SUBCASE("comes back from a loop") {
    const ScriptedUpstream looping([&](const Octets& query, unsigned) {
      caught(guard, std::span(query).subspan(12));
      return std::vector<Step>{{replies::header(query, 3)}};
    });
    const auto server = server_at(looping);
    const auto suspect = watch(server, dns::Name(), now, true);
    CHECK(run_until([&] { return suspect->looping.load(); }));
    CHECK(looping.asked() == 1);
  }
  SUBCASE("is answered by an honest server, whatever it says, and says nothing about its health") {
    const ScriptedUpstream honest(
        [](const Octets& query, unsigned) { return std::vector<Step>{{replies::header(query, 5)}}; });
    const auto server = server_at(honest);
    const auto suspect = watch(server, dns::Name(), now, true);
    for (int i = 0; i < 3; ++i) watch(server, dns::Name(), now, false);
    REQUIRE(run_until([&] { return honest.asked() == 1; }));
    CHECK(run_until([&] { return ended(server); }));
    CHECK_FALSE(suspect->looping);
    CHECK(server->health().standing() == upstream::Health::Standing::Good);
    CHECK(server->health().rtt() == upstream::Health::Duration(0));
  }
  SUBCASE("is repeated when it is lost, and then let be") {
    const ScriptedUpstream silent([](const Octets&, unsigned) { return std::vector<Step>{}; });
    const auto server = server_at(silent);
    watch(server, dns::Name(), now, true);
    REQUIRE(run_until([&] { return silent.asked() == upstream::kLoopTries; }));
    const auto queries = silent.queries();
    CHECK(std::set<Octets>{Octets(queries[0].begin() + 12, queries[0].end()),
                           Octets(queries[2].begin() + 12, queries[2].end())}
              .size() == 1);  // the same name
    CHECK(server->failures() == 0);
  }
}
