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
  health.replied(kStart + seconds(3), kStart + seconds(4));
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
  CHECK(health.refusing());
  CHECK_FALSE(health.suspect());
  CHECK(health.due(kStart + milliseconds(501), kLong));
  health.replied(kStart + seconds(1), kStart + seconds(1) + milliseconds(1));
  CHECK_FALSE(health.refusing());
}

TEST_CASE("a healthy server is due when its round trip is stale") {
  Health health;
  CHECK(health.due(kStart, seconds(10)));  // never measured
  health.replied(kStart, kStart);
  CHECK_FALSE(health.due(kStart + seconds(9), seconds(10)));
  CHECK(health.due(kStart + seconds(10), seconds(10)));
}
