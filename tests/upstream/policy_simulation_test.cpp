// What the policies do in ten minutes with servers that are far, lossy, slow, refusing, dead and back. The seed is
// fixed; the bounds are what we promise, with room to spare.

#include <doctest/doctest.h>
#include <spdlog/spdlog.h>

#include "upstream/simulated_servers.hpp"

using namespace meridian;
using namespace meridian::test;
using Policy = config::Forward::Policy;

namespace {

struct Quiet {
  Quiet() { spdlog::set_level(spdlog::level::off); }
  ~Quiet() { spdlog::set_level(spdlog::level::info); }
};

constexpr milliseconds kBusy{10}, kCalm{1000};  // between questions
constexpr auto kRates = {kBusy, kCalm};
constexpr auto kPolicies = {Policy::Fastest, Policy::Sequential, Policy::RoundRobin};
constexpr std::chrono::minutes kLong{10};

const Simulated kNear{milliseconds(1)}, kFar{milliseconds(20)};

Simulated lossy(milliseconds rtt, double loss) {
  return {rtt, loss};
}

}  // namespace

TEST_CASE("fastest asks the nearest, and measures each other one every ten seconds at most") {
  const Quiet quiet;
  for (const auto every : kRates) {
    SimulatedServers servers({{milliseconds(30)}, {milliseconds(5)}, {milliseconds(80)}}, Policy::Fastest);
    servers.run(every, kLong);
    CHECK(servers.share_first(1) > 0.99);
    CHECK(servers.seen(0).copies <= 61);
    CHECK(servers.seen(2).copies <= 61);
    CHECK(servers.answered() == 1);
  }
}

TEST_CASE("fastest knows the nearest though it must think about one name in ten, as the others must") {
  const Quiet quiet;
  for (const auto every : kRates) {
    SimulatedServers servers({{milliseconds(20), 0, 0.1}, {milliseconds(1), 0, 0.1}}, Policy::Fastest);
    servers.run(every, kLong);
    CHECK(servers.share_first(1) > 0.9);
  }
}

TEST_CASE("fastest stays with a near server that loses one packet in fifty, and leaves one that loses a third") {
  const Quiet quiet;
  for (const auto every : kRates) {
    SimulatedServers little({lossy(milliseconds(1), 0.02), kFar}, Policy::Fastest);
    little.run(every, kLong);
    CHECK(little.share_first(0) > 0.9);
    CHECK(little.mean_ms() < 10);
    SimulatedServers much({lossy(milliseconds(1), 0.3), kFar}, Policy::Fastest);
    much.run(every, kLong);
    CHECK(much.share_first(0) < 0.03);
    CHECK(much.mean_ms() < 21);
  }
}

TEST_CASE("a server that answers every other question is hardly asked first, under any policy") {
  const Quiet quiet;
  for (const auto policy : kPolicies) {
    for (const auto every : kRates) {
      SimulatedServers servers({lossy(milliseconds(1), 0.5), kFar}, policy);
      servers.run(every, kLong);
      CAPTURE(static_cast<int>(policy));
      CAPTURE(every.count());
      CHECK(servers.share_first(0) < 0.02);
      CHECK(servers.waited_long() < 0.01);
      CHECK(servers.seen(0).copies <= 4 * 600);  // four a second, however many questions there are
    }
  }
}

TEST_CASE("with a third of all packets lost at both servers 99.9 % of the questions are answered") {
  const Quiet quiet;
  for (const auto policy : kPolicies) {
    SimulatedServers servers({lossy(milliseconds(1), 0.3), lossy(milliseconds(20), 0.3)}, policy);
    servers.run(kBusy, kLong);
    CHECK(servers.answered() > 0.9985);  // 0.3^6 of them have six losses in a row
  }
}

TEST_CASE("a server that answers after the time is up is left alone") {
  const Quiet quiet;
  for (const auto policy : kPolicies) {
    for (const auto every : kRates) {
      SimulatedServers servers({{milliseconds(2500)}, kFar}, policy);
      servers.run(every, kLong);
      CHECK(servers.share_first(0) < 0.005);
      CHECK(servers.waited_long() < 0.005);
      CHECK(servers.seen(0).copies <= 65);
    }
  }
}

TEST_CASE("a server that is twice as near but refuses costs a copy every ten seconds") {
  const Quiet quiet;
  for (const auto policy : kPolicies) {
    for (const auto every : kRates) {
      SimulatedServers servers({{milliseconds(10), 0, 0, true}, kFar}, policy);
      servers.run(every, kLong);
      CHECK(servers.share_first(0) < 0.005);
      CHECK(servers.waited_long() == 0);
      CHECK(servers.seen(0).copies <= 66);
    }
  }
}

TEST_CASE("a server that dies for five minutes") {
  const Quiet quiet;
  for (const auto policy : kPolicies) {
    for (const auto every : kRates) {
      auto dying = kNear;
      dying.dead = [](milliseconds at) { return at > seconds(60) && at < seconds(360); };
      SimulatedServers servers({dying, kFar}, policy);
      servers.run(every, seconds(60));
      servers.forget();
      servers.run(every, seconds(300));
      // Whoever asks in its first quarter of a second waits for it, and then nobody.
      CHECK(servers.waited_long() * 300'000 / static_cast<double>(every.count()) <= 27);
      CHECK(servers.seen(0).copies <= 36);
      CHECK(servers.answered() > 0.999);  // but for what is on its way at the end
      servers.forget();
      while (servers.seen(0).first == 0 && servers.now() < seconds(460)) servers.run(every, every);
      CHECK(servers.now() - seconds(360) <= (every == kBusy ? seconds(13) : seconds(25)));
      servers.forget();
      servers.run(every, seconds(60));
      CHECK(servers.share_first(0) > (policy == Policy::RoundRobin ? 0.45 : 0.95));
    }
  }
}

TEST_CASE("a server that is away for five seconds of every ten makes few wait") {
  const Quiet quiet;
  for (const auto policy : kPolicies) {
    for (const auto every : kRates) {
      auto flapping = kNear;
      flapping.dead = [](milliseconds at) { return at.count() / 5000 % 2 == 1; };
      SimulatedServers servers({flapping, kFar}, policy);
      servers.run(every, kLong);
      CHECK(servers.waited_long() < 0.03);
      CHECK(servers.answered() > 0.999);  // but for what is on its way at the end
    }
  }
}

TEST_CASE("when all are dead every question asks them in earnest, so that the first after their return is answered") {
  const Quiet quiet;
  for (const auto policy : kPolicies) {
    Simulated dying{milliseconds(5)};
    dying.dead = [](milliseconds at) { return at > seconds(60) && at < seconds(660); };
    SimulatedServers servers({dying, dying}, policy);
    servers.run(kCalm, seconds(661));
    CHECK(servers.seen(0).copies + servers.seen(1).copies < 15);
    servers.forget();
    servers.run(kCalm, seconds(30));
    CHECK(servers.answered() == 1);
    CHECK(servers.waited_long() == 0);
  }
}

TEST_CASE("an idle hour costs no packet") {
  const Quiet quiet;
  SimulatedServers servers({kNear, kFar}, Policy::Fastest);
  servers.run(kCalm, seconds(60));
  const auto before = servers.seen(0).asked + servers.seen(1).asked;
  servers.run(std::chrono::hours(2), std::chrono::hours(1));  // one question at its beginning
  CHECK(servers.seen(0).asked + servers.seen(1).asked <= before + 2);
}
