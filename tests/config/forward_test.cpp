#include <doctest/doctest.h>

#include <string>

#include "config/problems.hpp"

using namespace meridian::config;
using tests::errors;
using namespace std::chrono_literals;

static std::string text(const std::vector<Forward::Upstream>& upstreams) {
  std::string out;
  for (const auto& u : upstreams) {
    const auto* server = std::get_if<Forward::Server>(&u);
    out += (server ? server->to_text() : "file " + std::get<std::filesystem::path>(u).string()) + "; ";
  }
  return out;
}

TEST_CASE("forwarding is read as it is written") {
  const auto loaded = parse(
      "forward:\n"
      "  upstreams: [10.96.0.10, \"[fd00::10]:5353\", /etc/resolv.conf]\n"
      "  zones: {Cluster.Local.: [10.96.0.10], example: [10.0.0.1, 10.0.0.2:54]}\n"
      "  policy: round-robin\n  timeout: 2s\n  attempt-timeout: 2s\n  max-in-flight: 7\n  case-randomization: true\n",
      "test.yaml");
  REQUIRE(tests::lines(loaded.errors) == "");
  const auto& forward = loaded.config.forward;
  CHECK(text(forward.upstreams) == "10.96.0.10:53; [fd00::10]:5353; file /etc/resolv.conf; ");
  REQUIRE(forward.zones.size() == 2);
  CHECK(forward.zones[0].first == "cluster.local");
  CHECK(text(forward.zones[0].second) == "10.96.0.10:53; ");
  CHECK(forward.zones[1].first == "example");
  CHECK(text(forward.zones[1].second) == "10.0.0.1:53; 10.0.0.2:54; ");
  CHECK(forward.policy == Forward::Policy::RoundRobin);
  CHECK(forward.timeout == 2s);
  CHECK(forward.attempt_timeout == 2s);
  CHECK(forward.max_in_flight == 7);
  CHECK(forward.case_randomization);
}

TEST_CASE("no upstreams switch forwarding off") {
  const auto loaded = parse("forward: {upstreams: []}\n", "test.yaml");
  CHECK(tests::lines(loaded.errors) == "");
  CHECK(loaded.config.forward.upstreams.empty());
}

TEST_CASE("forwarding that can't be") {
  const std::string upstream =
      "; expected an address such as 10.96.0.10 or \"[fd00::10]:5353\", or the path of a file in resolv.conf's form "
      "(with a slash in it)";
  const tests::Row cases[] = {
      {"a name as upstream", "forward: {upstreams: [dns.google]}\n",
       "1:23: forward.upstreams[0]: found \"dns.google\"" + upstream},
      {"the port of nobody", "forward: {upstreams: ['10.0.0.1:0']}\n",
       "1:23: forward.upstreams[0]: found the text \"10.0.0.1:0\"" + upstream},
      {"the address of nobody", "forward: {upstreams: [0.0.0.0]}\n",
       "1:23: forward.upstreams[0]: found \"0.0.0.0\"" + upstream},
      {"an attempt longer than all of them", "forward:\n  timeout: 1s\n  attempt-timeout: 1001ms\n",
       "3:20: forward.attempt-timeout: 1001ms is above forward.timeout, 1s; expected no more than that"},
      {"all of them shorter than an attempt", "forward: {timeout: 500ms}\n",
       "1:20: forward.attempt-timeout: 600ms is above forward.timeout, 500ms; expected no more than that"},
      {"a timeout that is wrong is compared with nothing", "forward: {timeout: soon, attempt-timeout: 5s}\n",
       "1:20: forward.timeout: found \"soon\"; expected a duration such as 250ms, 30s, 5m or 1h, from 1ms to 1h"},
      {"no time at all", "forward: {attempt-timeout: 0ms}\n",
       "1:28: forward.attempt-timeout: found \"0ms\"; expected a duration such as 250ms, 30s, 5m or 1h, from 1ms to "
       "1h"},
      {"nothing in flight", "forward: {max-in-flight: 0}\n",
       "1:26: forward.max-in-flight: found \"0\"; expected a whole number from 1 to 1000000"},
      {"an unknown policy", "forward: {policy: first}\n",
       "1:19: forward.policy: found \"first\"; expected fastest, sequential, random or round-robin"},
      {"a zone without upstreams", "forward: {zones: {a: []}}\n",
       "1:22: forward.zones.a: is empty; expected at least one upstream, or the zone left out"},
      {"a zone with an address for a list", "forward: {zones: {a: 10.0.0.1}}\n",
       "1:22: forward.zones.a: found \"10.0.0.1\"; expected a list: [\"10.0.0.1\"]"},
      {"a zone with a wrong address", "forward: {zones: {a: [b]}}\n",
       "1:23: forward.zones.a[0]: found \"b\"" + upstream},
      {"the root as zone", "forward: {zones: {.: [10.0.0.1]}}\n",
       "1:19: forward.zones: found \".\"; expected a domain name below the root such as global or cluster.local"},
      {"a zone in two spellings", "forward:\n  zones:\n    a.b: [10.0.0.1]\n    A.B.: [10.0.0.1]\n",
       "4:5: forward.zones: a.b is here twice, spelled differently; expected each zone once"},
      {"a list of zones", "forward: {zones: [a]}\n",
       "1:18: forward.zones: found a list; expected a mapping (key: value)"},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      CHECK(errors(c.yaml) == c.errors);
    }
  }
}

TEST_CASE("the cache is checked, and has no effect") {
  const char* effect = "2:10: forward.cache has no effect: this version forwards without a cache";
  const std::string full =
      "forward:\n  cache: {size: 1MiB, max-ttl: 2h, min-ttl: 1s, negative-max-ttl: 0s, serve-stale: 0s, prefetch: "
      "false}\n";
  CHECK(errors(full) == "");
  CHECK(tests::warnings(full) == effect);
  CHECK(parse(full, "test.yaml").config == Config{});

  const tests::Row cases[] = {
      {"a size in decimal units", "forward:\n  cache: {size: 64MB}\n",
       "2:17: forward.cache.size: found \"64MB\"; expected a size such as 64MiB (B, KiB, MiB or GiB), from 1KiB to "
       "1024GiB"},
      {"a key of old", "forward:\n  cache: {serve_stale: 1h}\n",
       "2:11: unknown key \"serve_stale\" in forward.cache; did you mean \"serve-stale\"?"},
      {"a prefetch of so many", "forward:\n  cache: {prefetch: 5}\n",
       "2:21: forward.cache.prefetch: found \"5\"; expected true or false, without quotes"},
      {"no maximum", "forward:\n  cache: {max-ttl: 0s}\n",
       "2:20: forward.cache.max-ttl: found \"0s\"; expected a duration in whole seconds such as 30s, 5m or 1h, from "
       "1s to 2147483647s"},
      {"a minimum above the maximum", "forward:\n  cache: {min-ttl: 2h}\n",
       "2:20: forward.cache.min-ttl: 2h is above forward.cache.max-ttl, 1h; expected no more than that"},
      {"a minimum above the maximum that is written", "forward:\n  cache: {max-ttl: 1s, min-ttl: 1m}\n",
       "2:33: forward.cache.min-ttl: 1m is above forward.cache.max-ttl, 1s; expected no more than that"},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      CHECK(errors(c.yaml) == c.errors);
      CHECK(tests::warnings(c.yaml) == effect);
    }
  }
}
