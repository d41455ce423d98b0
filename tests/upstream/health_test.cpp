#include "upstream/health.hpp"

#include <doctest/doctest.h>

using meridian::upstream::Health;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

const Health::Time kStart = Health::Time() + std::chrono::hours(1);
constexpr auto kLong = std::chrono::hours(1000);

void lose(Health& health, Health::Time sent) {
  health.failed(sent, sent + milliseconds(250));
}

}  // namespace

TEST_CASE("the round trip is smoothed as RFC 6298 says") {
  Health health;
  CHECK(health.rtt() == Health::Duration(0));
  CHECK(health.patience() == milliseconds(250));
  health.replied(kStart, kStart + milliseconds(80));
  CHECK(health.rtt() == milliseconds(80));
  CHECK(health.patience() == milliseconds(250));  // 80 + 4 * 40 is less
  health.replied(kStart, kStart + milliseconds(160));
  CHECK(health.rtt() == milliseconds(90));
  CHECK(health.patience() == milliseconds(90 + 4 * 50));  // variation (3 * 40 + 80) / 4
  for (int i = 0; i < 100; ++i) health.replied(kStart, kStart + milliseconds(400));
  CHECK(health.patience() > milliseconds(390));
  CHECK(health.patience() < milliseconds(450));
}

TEST_CASE("failures in a row make a server suspect and then dead, and one reply ends them") {
  Health health;
  CHECK_FALSE(health.suspect());
  lose(health, kStart);
  CHECK(health.suspect());
  CHECK_FALSE(health.dead());
  lose(health, kStart + seconds(1));
  lose(health, kStart + seconds(2));
  CHECK(health.dead());
  health.replied(kStart + seconds(3), kStart + seconds(3) + milliseconds(600));
  CHECK_FALSE(health.suspect());
  CHECK_FALSE(health.dead());
}

TEST_CASE("attempts that were lost together count once") {
  Health health;
  for (int i = 0; i < 100; ++i) health.failed(kStart + milliseconds(i), kStart + milliseconds(250 + i));
  CHECK(health.suspect());
  CHECK_FALSE(health.dead());
}

TEST_CASE("one slow name says nothing against a server that answers others meanwhile") {
  Health health;
  health.replied(kStart + milliseconds(100), kStart + milliseconds(101));
  health.failed(kStart, kStart + milliseconds(250));
  CHECK_FALSE(health.suspect());
}

TEST_CASE("a failed server is due for another try after a pause that grows up to ten seconds") {
  Health health;
  auto now = kStart;
  lose(health, now);
  now += milliseconds(250);
  CHECK_FALSE(health.due(now + milliseconds(499), kLong));
  CHECK(health.due(now + milliseconds(500), kLong));
  health.tried(now + milliseconds(500));
  CHECK_FALSE(health.due(now + milliseconds(501), kLong));  // one try at a time
  for (int i = 0; i < 20; ++i) lose(health, now += seconds(20));
  now += milliseconds(250);
  CHECK_FALSE(health.due(now + milliseconds(9999), kLong));
  CHECK(health.due(now + seconds(10), kLong));
}

TEST_CASE("a server that refuses is alive, and due for another try") {
  Health health;
  health.replied(kStart, kStart + milliseconds(1));
  health.refused(kStart + milliseconds(1));
  CHECK(health.standing() == Health::Standing::Refusing);
  CHECK_FALSE(health.suspect());
  CHECK(health.due(kStart + milliseconds(501), kLong));
  health.replied(kStart + seconds(1), kStart + seconds(1) + milliseconds(1));
  CHECK(health.standing() == Health::Standing::Good);
}

TEST_CASE("a healthy server is due when its round trip is stale") {
  Health health;
  CHECK(health.due(kStart, seconds(10)));  // never measured
  health.replied(kStart, kStart);
  CHECK_FALSE(health.due(kStart + seconds(9), seconds(10)));
  CHECK(health.due(kStart + seconds(10), seconds(10)));
}

TEST_CASE("a server that loses every other attempt is lossy until it has answered several in a row") {
  Health health;
  auto now = kStart;
  const auto answer = [&] { health.replied(now, now + milliseconds(1)); };
  const auto miss = [&] { health.failed(now, now + milliseconds(250)); };
  const auto next = [&] { now += milliseconds(300); };
  answer();
  next(), miss();
  CHECK(health.suspect());
  for (int i = 0; i < 10; ++i) {
    next(), answer();
    next(), miss();
  }
  next(), answer();
  CHECK(health.standing() == Health::Standing::Lossy);
  CHECK(health.due(now + milliseconds(251), kLong));
  int answers = 0;
  for (; health.standing() == Health::Standing::Lossy && answers < 100; ++answers) next(), answer();
  CHECK(answers > 3);
  CHECK(answers < 12);
}

TEST_CASE("losses among many answers are seen, though no run of failures begins") {
  Health health;
  for (int i = 0; i < 200; ++i) {
    const auto sent = kStart + milliseconds(10 * i);
    if (i % 2 == 0)
      health.replied(sent, sent + milliseconds(1));
    else
      health.failed(sent - milliseconds(250), sent);
  }
  CHECK_FALSE(health.suspect());
  CHECK(health.standing() == Health::Standing::Lossy);
}

TEST_CASE("what comes too late was not lost, and does not make the server one to wait for") {
  Health health;
  auto now = kStart;
  health.replied(now, now + milliseconds(1));
  for (int i = 0; i < 20; ++i) {
    now += seconds(20);
    lose(health, now);
    CHECK(health.standing() == Health::Standing::Suspect);
    health.replied(now, now + milliseconds(2500));
    CHECK(health.standing() == Health::Standing::Suspect);  // asked after the others, but never dead
  }
  CHECK_FALSE(health.due(now + seconds(9), kLong));  // the pause between copies has grown
  health.replied(now + seconds(10), now + seconds(10) + milliseconds(1));
  CHECK(health.standing() == Health::Standing::Good);
}

TEST_CASE("a server that goes on refusing is tried less and less") {
  Health health;
  auto now = kStart;
  for (int i = 0; i < 10; ++i) {
    now += seconds(20);
    health.replied(now, now);
    health.refused(now);
  }
  CHECK_FALSE(health.due(now + milliseconds(9999), kLong));
  CHECK(health.due(now + seconds(10), kLong));
}

TEST_CASE("what a server costs") {
  Health near, far;
  CHECK(near.cost() == Health::kUnknown);
  auto now = kStart;
  const auto both = [&](milliseconds of_near, milliseconds of_far) {
    near.replied(now, now + of_near);
    far.replied(now, now + of_far);
    now += milliseconds(300);
  };
  both(milliseconds(1), milliseconds(20));
  CHECK(near.cost() == milliseconds(1));
  CHECK(far.cost() == milliseconds(20));

  SUBCASE("is its distance, not what some names take") {
    for (int i = 0; i < 200; ++i) both(milliseconds(i % 10 == 0 ? 300 : 1), milliseconds(20));
    CHECK(near.rtt() > milliseconds(10));
    CHECK(near.cost() < milliseconds(3));
  }
  SUBCASE("follows it when all names take longer") {
    for (int i = 0; i < 200; ++i) both(milliseconds(80), milliseconds(20));
    CHECK(near.cost() > far.cost());
    for (int i = 0; i < 40; ++i) both(milliseconds(1), milliseconds(20));
    CHECK(near.cost() < far.cost());
  }
  SUBCASE("counts in what is lost: one that loses a fifth is dearer than one that is far") {
    for (int i = 0; i < 200; ++i) {
      both(milliseconds(1), milliseconds(20));
      if (i % 4 == 0) near.failed(now - milliseconds(250), now);
    }
    CHECK(near.standing() == Health::Standing::Good);
    CHECK(near.cost() > far.cost());
  }
  SUBCASE("forgets losses that are long past") {
    for (int i = 0; i < 5; ++i) lose(near, now += milliseconds(300));
    now += std::chrono::minutes(5);
    both(milliseconds(1), milliseconds(20));
    CHECK(near.cost() < milliseconds(2));
  }
}
