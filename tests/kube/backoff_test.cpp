#include <doctest/doctest.h>

#include "kube/backoff.hpp"

namespace meridian::kube {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

bool between(milliseconds low, milliseconds value, milliseconds high) {
  return low <= value && value <= high;
}

TEST_CASE("a client that waits before its next try") {
  Backoff backoff(milliseconds(200), milliseconds(1000));
  SUBCASE("waits twice as long each time, up to a limit, and never exactly") {
    CHECK(between(milliseconds(100), backoff.next(), milliseconds(200)));
    CHECK(between(milliseconds(200), backoff.next(), milliseconds(400)));
    CHECK(between(milliseconds(400), backoff.next(), milliseconds(800)));
    for (int i = 0; i < 100; ++i) CHECK(between(milliseconds(500), backoff.next(), milliseconds(1000)));
  }
  SUBCASE("begins again after a success") {
    for (int i = 0; i < 5; ++i) backoff.next();
    backoff.reset();
    CHECK(between(milliseconds(100), backoff.next(), milliseconds(200)));
  }
  SUBCASE("waits at least as long as the server asks, but not for ever") {
    CHECK(between(milliseconds(3100), backoff.next(seconds(3)), milliseconds(3200)));
    CHECK(backoff.next(seconds(86400)) <= milliseconds(61000));
  }
}

}  // namespace
}  // namespace meridian::kube
