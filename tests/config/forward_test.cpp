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
      "; expected an address such as 10.96.0.10 or \"[fd00::10]:5353\", tls:// and an address such as "
      "tls://9.9.9.9#dns.quad9.net, or the path of a file in resolv.conf's form (with a slash in it)";
  const tests::Row cases[] = {
      {"a name as upstream", "forward: {upstreams: [dns.google]}\n",
       "1:23: forward.upstreams[0]: found \"dns.google\"" + upstream},
      {"the port of nobody", "forward: {upstreams: ['10.0.0.1:0']}\n",
       "1:23: forward.upstreams[0]: found the text \"10.0.0.1:0\"" + upstream},
      {"the address of nobody", "forward: {upstreams: [0.0.0.0]}\n",
       "1:23: forward.upstreams[0]: found \"0.0.0.0\"" + upstream},
      {"another kind of server", "forward: {upstreams: ['https://1.1.1.1/dns-query']}\n",
       "1:23: forward.upstreams[0]: found the text \"https://1.1.1.1/dns-query\"" + upstream},
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

TEST_CASE("an upstream over TLS is an address, and the name that its certificate must have") {
  const struct {
    const char* title;
    const char* upstream;  // in YAML
    const char* text;
  } cases[] = {
      {"address and name", "tls://9.9.9.9#dns.quad9.net", "tls://9.9.9.9:853#dns.quad9.net"},
      {"a port", "tls://9.9.9.9:8853#dns.quad9.net", "tls://9.9.9.9:8853#dns.quad9.net"},
      {"v6", "\"tls://[2620:fe::fe]:853#dns.quad9.net\"", "tls://[2620:fe::fe]:853#dns.quad9.net"},
      {"v6 in brackets without a port", "\"tls://[2620:fe::fe]#dns.quad9.net\"",
       "tls://[2620:fe::fe]:853#dns.quad9.net"},
      {"v6 alone", "tls://2620:fe::fe#dns.quad9.net", "tls://[2620:fe::fe]:853#dns.quad9.net"},
      {"no name: the certificate holds the address", "tls://9.9.9.9", "tls://9.9.9.9:853"},
      {"a name in any case, with its final dot", "tls://9.9.9.9#DNS.Quad9.net.", "tls://9.9.9.9:853#dns.quad9.net"},
      {"a name of one label", "tls://10.0.0.1#resolver", "tls://10.0.0.1:853#resolver"},
      {"a name with digits and hyphens", "tls://10.0.0.1#1.dns-1.x1", "tls://10.0.0.1:853#1.dns-1.x1"},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      const std::string list = "[10.0.0.1, " + std::string(c.upstream) + "]";
      const auto loaded = parse("forward: {upstreams: " + list + ", zones: {a: " + list + "}}\n", "test.yaml");
      REQUIRE(tests::lines(loaded.errors) == "");
      const auto expected = "10.0.0.1:53; " + std::string(c.text) + "; ";
      CHECK(text(loaded.config.forward.upstreams) == expected);
      CHECK(text(loaded.config.forward.zones.at(0).second) == expected);
    }
  }
}

TEST_CASE("an upstream over TLS that can't be") {
  const std::string example = " such as tls://9.9.9.9#dns.quad9.net or \"tls://[2620:fe::fe]:853#dns.quad9.net\"";
  const std::string address = "an address behind tls://," + example;
  const std::string no_name = "an address behind tls://, because names are not looked up," + example;
  const std::string name =
      "behind # the host name in the server's certificate, such as tls://9.9.9.9#dns.quad9.net, or no # where the "
      "certificate holds the address";
  const struct {
    const char* title;
    std::string upstream;
    std::string expected;
  } cases[] = {
      {"a name for an address", "tls://dns.quad9.net", no_name},
      {"a name for an address, and a port", "tls://dns.quad9.net:853", no_name},
      {"a name on both sides", "tls://dns.quad9.net#dns.quad9.net", no_name},
      {"nothing", "tls://", address},
      {"a name alone", "tls://#dns.quad9.net", address},
      {"a path", "tls:///etc/resolv.conf", address},
      {"the port of nobody", "tls://9.9.9.9:0", address},
      {"a port too large", "tls://9.9.9.9:65536#a", address},
      {"a port as others write it", "tls://9.9.9.9@853#dns.quad9.net", address},
      {"the address of nobody", "tls://0.0.0.0#dns.quad9.net", address},
      {"no name behind #", "tls://9.9.9.9#", name},
      {"an address for a name", "tls://9.9.9.9#9.9.9.9", name},
      {"a v6 address for a name", "tls://9.9.9.9#2620:fe::fe", name},
      {"a name with a blank", "tls://9.9.9.9#dns quad9", name},
      {"a wildcard for a name", "tls://9.9.9.9#*.quad9.net", name},
      {"an empty label", "tls://9.9.9.9#dns..net", name},
      {"a hyphen in front", "tls://9.9.9.9#-dns.net", name},
      {"two names", "tls://9.9.9.9#a#b", name},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      CHECK(errors("forward: {upstreams: ['" + c.upstream + "']}\n") ==
            "1:23: forward.upstreams[0]: found the text \"" + c.upstream + "\"; expected " + c.expected);
    }
  }
}

TEST_CASE("authorities for upstreams over TLS") {
  CHECK(parse("forward: {upstreams: [tls://9.9.9.9], tls-ca: /etc/dns/ca.pem}\n", "test.yaml").config.forward.tls_ca ==
        "/etc/dns/ca.pem");
  CHECK(parse("forward: {tls-ca: \"\"}\n", "test.yaml").config == Config{});
  const struct {
    const char* title;
    const char* yaml;
    const char* errors;
    const char* warnings;
  } cases[] = {
      {"are used by an upstream", "forward: {upstreams: [tls://9.9.9.9], tls-ca: a.pem}\n", "", ""},
      {"are used by an upstream of a zone", "forward: {zones: {a: [tls://9.9.9.9]}, tls-ca: a.pem}\n", "", ""},
      {"may be those of the system", "forward: {tls-ca: \"\"}\n", "", ""},
      {"are used by nobody", "forward: {tls-ca: a.pem}\n", "",
       "1:19: forward.tls-ca has no effect: no upstream begins with tls://"},
      {"are no list", "forward: {tls-ca: [a.pem]}\n",
       "1:19: forward.tls-ca: found a list; expected the path of a file, or \"\" for the authorities of the system",
       ""},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      CHECK(errors(c.yaml) == c.errors);
      CHECK(tests::warnings(c.yaml) == c.warnings);
    }
  }
}

TEST_CASE("each key of the cache is read") {
  using Cache = Forward::Cache;
  const auto with = [](auto change) {
    Cache cache;
    change(cache);
    return cache;
  };
  const struct {
    const char* title;
    const char* cache;
    Cache expected;
  } cases[] = {
      {"none", "{}", Cache{}},
      {"size", "{size: 1MiB}", with([](Cache& c) { c.size = 1 << 20; })},
      {"the least size", "{size: 64KiB}", with([](Cache& c) { c.size = 64 << 10; })},
      {"no cache", "{size: 0}", with([](Cache& c) { c.size = 0; })},
      {"max-ttl", "{max-ttl: 2h}", with([](Cache& c) { c.max_ttl = 2h; })},
      {"min-ttl", "{min-ttl: 1m}", with([](Cache& c) { c.min_ttl = 1min; })},
      {"min-ttl as high as max-ttl", "{min-ttl: 1h}", with([](Cache& c) { c.min_ttl = 1h; })},
      {"negative-max-ttl", "{negative-max-ttl: 0s}", with([](Cache& c) { c.negative_max_ttl = 0s; })},
      {"serve-stale", "{serve-stale: 24h}", with([](Cache& c) { c.serve_stale = 24h; })},
      {"prefetch", "{prefetch: false}", with([](Cache& c) { c.prefetch = false; })},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      const auto loaded = parse("forward: {cache: " + std::string(c.cache) + "}\n", "test.yaml");
      CHECK(tests::lines(loaded.errors) == "");
      CHECK(tests::lines(loaded.warnings) == "");
      CHECK(loaded.config.forward.cache == c.expected);
      Config expected;
      expected.forward.cache = c.expected;
      CHECK(loaded.config == expected);
    }
  }
}

TEST_CASE("a cache that can't be") {
  const std::string sizes =
      "; expected a size such as 64MiB (B, KiB, MiB or GiB), from 64KiB to 64GiB, or 0 for no cache";
  const std::string seconds = "; expected a duration in whole seconds such as 30s, 5m or 1h, from ";
  const tests::Row cases[] = {
      {"a size in decimal units", "forward:\n  cache: {size: 64MB}\n",
       "2:17: forward.cache.size: found \"64MB\"" + sizes},
      {"a size too small to be of use", "forward:\n  cache: {size: 63KiB}\n",
       "2:17: forward.cache.size: found \"63KiB\"" + sizes},
      {"a size too large for any machine", "forward:\n  cache: {size: 65GiB}\n",
       "2:17: forward.cache.size: found \"65GiB\"" + sizes},
      {"a size without unit", "forward:\n  cache: {size: 1000000}\n",
       "2:17: forward.cache.size: found \"1000000\"" + sizes},
      {"a key of old", "forward:\n  cache: {serve_stale: 1h}\n",
       "2:11: unknown key \"serve_stale\" in forward.cache; did you mean \"serve-stale\"?"},
      {"a prefetch of so many", "forward:\n  cache: {prefetch: 5}\n",
       "2:21: forward.cache.prefetch: found \"5\"; expected true or false, without quotes"},
      {"no maximum", "forward:\n  cache: {max-ttl: 0s}\n",
       "2:20: forward.cache.max-ttl: found \"0s\"" + seconds + "1s to 2147483647s"},
      {"less than a second", "forward:\n  cache: {negative-max-ttl: 1500ms}\n",
       "2:29: forward.cache.negative-max-ttl: found \"1500ms\"" + seconds + "0s to 2147483647s"},
      {"a minimum above the maximum", "forward:\n  cache: {min-ttl: 2h}\n",
       "2:20: forward.cache.min-ttl: 2h is above forward.cache.max-ttl, 1h; expected no more than that"},
      {"a minimum above the maximum that is written", "forward:\n  cache: {max-ttl: 1s, min-ttl: 1m}\n",
       "2:33: forward.cache.min-ttl: 1m is above forward.cache.max-ttl, 1s; expected no more than that"},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      CHECK(errors(c.yaml) == c.errors);
    }
  }
}
