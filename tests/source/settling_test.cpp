#include "source/settling.hpp"

#include <doctest/doctest.h>

namespace meridian::source {
namespace {

using namespace std::chrono_literals;
using What = WatchSignal::What;

// All that is ready, "a b".
std::string ready(Settling& settling, Settling::Time now) {
  std::string names;
  while (const auto name = settling.next_ready(now)) names += (names.empty() ? "" : " ") + *name;
  return names;
}

TEST_CASE("when a file may be read") {
  Settling settling;
  const Settling::Time t0 = Settling::Time() + 1h;

  SUBCASE("closed or renamed into place: at once, and once") {
    settling.note("a", What::Written, t0);
    settling.note("a", What::Settled, t0);
    settling.note("b", What::Settled, t0);
    CHECK(ready(settling, t0) == "a b");
    CHECK_FALSE(settling.wake().has_value());
  }
  SUBCASE("written without being closed: after 200 ms of rest") {
    settling.note("a", What::Written, t0);
    settling.note("a", What::Written, t0 + 150ms);
    CHECK(ready(settling, t0 + 349ms) == "");
    REQUIRE(settling.wake().has_value());
    CHECK((*settling.wake() == t0 + 350ms));
    CHECK(ready(settling, t0 + 350ms) == "a");
  }
  SUBCASE("what settled and is written again is not complete") {
    settling.note("a", What::Settled, t0);
    settling.note("a", What::Written, t0);
    CHECK(ready(settling, t0) == "");
  }
  SUBCASE("new permissions say nothing about a file that is being written") {
    settling.note("a", What::Written, t0);
    settling.note("a", What::Touched, t0);
    settling.note("b", What::Touched, t0);
    CHECK(ready(settling, t0) == "b");
  }
  SUBCASE("nor does a look") {
    settling.note("a", What::Written, t0);
    settling.request("a");
    settling.expect("b", t0);
    settling.request("c");
    CHECK(ready(settling, t0) == "c");
    CHECK(ready(settling, t0 + 200ms) == "a b");
  }
  SUBCASE("vanished: after 20 ms, with all that happened meanwhile, and not longer for many") {
    settling.note("a", What::Vanished, t0);
    settling.note("b", What::Settled, t0 + 5ms);
    settling.note("c", What::Vanished, t0 + 15ms);
    CHECK(ready(settling, t0 + 19ms) == "");
    REQUIRE(settling.wake().has_value());
    CHECK((*settling.wake() == t0 + 20ms));
    CHECK(ready(settling, t0 + 20ms) == "a b c");
  }
  SUBCASE("vanished and being written anew: when the writer is done") {
    settling.note("a", What::Vanished, t0);
    settling.note("a", What::Written, t0 + 1ms);
    CHECK(ready(settling, t0 + 20ms) == "");
    settling.note("a", What::Settled, t0 + 30ms);
    CHECK(ready(settling, t0 + 30ms) == "a");
  }
  SUBCASE("a directory that is being filled: after 200 ms of rest, a second at most") {
    settling.directory_created(t0);
    for (auto at = t0; at < t0 + 1500ms; at += 100ms) settling.note("a", What::Settled, at);
    CHECK(ready(settling, t0 + 999ms) == "");
    CHECK(ready(settling, t0 + 1000ms) == "a");
  }
}

}  // namespace
}  // namespace meridian::source
