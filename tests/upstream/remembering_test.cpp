// What the forwarder makes of its cache: answers without asking, old answers where nobody can be asked, and answers
// that come too late. How the cache itself behaves in time is cache_test.cpp.

#include <doctest/doctest.h>

#include <atomic>

#include "support/scripted_upstream.hpp"
#include "upstream/asking.hpp"

using namespace meridian;
using namespace meridian::test;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

// Answers 192.0.2.<address>, or does what `mood` says.
struct Moody {
  enum Mood { Good, Silent, ServFail };
  std::atomic<Mood> mood{Good};
  std::atomic<unsigned> address{1};
  ScriptedUpstream upstream{[this](const Octets& query, unsigned) {
    if (mood == Silent) return std::vector<Step>{};
    if (mood == ServFail) return std::vector<Step>{{replies::header(query, 2)}};
    return std::vector<Step>{{replies::address(query, static_cast<std::uint8_t>(address.load()))}};
  }};
};

config::Forward quick(const Moody& moody) {
  auto settings = forward_to({moody.upstream.endpoint()});
  settings.timeout = milliseconds(300);
  return settings;
}

}  // namespace

TEST_CASE("what was answered is known, under its own key") {
  Moody moody;
  Asking asking(quick(moody));
  CHECK(asking.known("www.example.test") == "unknown");
  CHECK(asking.ask("www.example.test") == "NOERROR 192.0.2.1");
  CHECK(asking.known("WWW.Example.test") == "NOERROR 192.0.2.1");
  CHECK(asking.known("www.example.test", dns::Type::AAAA) == "unknown");
  CHECK(asking.known("ww.example.test") == "unknown");
  CHECK(asking.counters.cache_hits.get() == 1);
  CHECK(asking.counters.cache_misses.get() == 3);
  CHECK(moody.upstream.asked() == 1);
}

TEST_CASE("a failure is remembered for a moment, and then asked about again") {
  Moody moody;
  Asking asking(quick(moody));
  const struct {
    Moody::Mood mood;
    const char* first;
    const char* known;
  } cases[] = {{Moody::Silent, "error 23", "error 23"}, {Moody::ServFail, "SERVFAIL", "error 22"}};
  for (const auto& c : cases) {
    CAPTURE(c.first);
    const auto name = "www" + std::to_string(c.mood) + ".example.test";
    moody.mood = c.mood;
    CHECK(asking.ask(name) == c.first);
    CHECK(asking.known(name) == c.known);
    moody.mood = Moody::Good;
    CHECK(asking.run_until([&] { return asking.known(name) == "unknown"; }));
    CHECK(asking.ask(name) == "NOERROR 192.0.2.1");
  }
  CHECK(asking.counters.cache_failures.get() >= 2);
}

TEST_CASE("an answer past its end is told when nobody can be asked, and gives way to a new one") {
  Moody moody;
  auto settings = quick(moody);
  settings.cache.max_ttl = seconds(1);
  Asking asking(settings);
  CHECK(asking.ask("www.example.test") == "NOERROR 192.0.2.1");
  REQUIRE(asking.run_until([&] { return asking.known("www.example.test") == "unknown"; }));  // it has ended
  SUBCASE("because it is silent") {
    moody.mood = Moody::Silent;
  }
  SUBCASE("because it answers SERVFAIL") {
    moody.mood = Moody::ServFail;
  }
  CHECK(asking.ask("www.example.test") == "NOERROR 192.0.2.1 stale");
  CHECK(asking.known("www.example.test") == "NOERROR 192.0.2.1 stale");  // at once, for a moment
  CHECK(asking.counters.cache_stale.get() == 2);
  moody.mood = Moody::Good;
  moody.address = 2;
  REQUIRE(asking.run_until([&] {
    return asking.known("www.example.test") != "unknown" || asking.ask("www.example.test") == "NOERROR 192.0.2.2";
  }));
  CHECK(asking.run_until([&] { return asking.ask("www.example.test") == "NOERROR 192.0.2.2"; }));
}

TEST_CASE("an answer that comes after its question was given up is kept for the next who asks") {
  const ScriptedUpstream late([](const Octets& query, unsigned number) {
    return number == 0 ? std::vector<Step>{{replies::address(query), milliseconds(500)}} : std::vector<Step>{};
  });
  auto settings = forward_to({late.endpoint()});
  settings.timeout = milliseconds(200);
  Asking asking(settings);
  CHECK(asking.ask("www.example.test") == "error 23");
  CHECK(asking.run_until([&] { return asking.known("www.example.test") == "NOERROR 192.0.2.1"; }));
  CHECK(asking.forwarder->in_flight() == 0);
}

TEST_CASE("without a cache each question is asked") {
  Moody moody;
  auto settings = quick(moody);
  settings.cache.size = 0;
  Asking asking(settings);
  for (unsigned i = 1; i <= 3; ++i) {
    CHECK(asking.known("www.example.test") == "unknown");
    CHECK(asking.ask("www.example.test") == "NOERROR 192.0.2.1");
    CHECK(moody.upstream.asked() == i);
  }
}
