#include <doctest/doctest.h>

#include <string>

#include "config/problems.hpp"

using namespace meridian::config;
using tests::errors;

TEST_CASE("keys that nobody knows") {
  const tests::Row cases[] = {
      {"a letter is missing", "lisen: []\n", "1:1: unknown key \"lisen\"; did you mean \"listen\"?"},
      {"two letters changed places", "vip:\n  qaurantine: 1h\n",
       "2:3: unknown key \"qaurantine\" in vip; did you mean \"quarantine\"?"},
      {"it is spelled as in other programs", "limits:\n  tcpClientsPerAddress: 5\n",
       "2:3: unknown key \"tcpClientsPerAddress\" in limits; did you mean \"tcp-clients-per-address\"?"},
      {"an underscore stands for a hyphen", "serve_hosts: any\n",
       "1:1: unknown key \"serve_hosts\"; did you mean \"serve-hosts\"?"},
      {"it is like no other", "identity: {contact: me}\n",
       "1:12: unknown key \"contact\" in identity; allowed are version, hostname, nsid"},
      {"it is in an element of a list", "zones:\n  - name: a\n    expire: 1h\n",
       "3:5: unknown key \"expire\" in zones[0]; allowed are name, ttl, negative-ttl, unknown, wildcards, order"},
      {"it would break the line of the message", "\"a\\nb\": 1\nidentity: {\"\\e[31m\\\"\": 1}\n",
       "1:1: unknown key \"a\\x0ab\"; allowed are listen, workers, advertise, lameduck, admin, zones, serve-hosts, "
       "export-to, compat, reverse, sources, mass-delete-guard, stale, state, vip, forward, access, limits, identity, "
       "log\n"
       "2:12: unknown key \"\\x1b[31m\"\" in identity; allowed are version, hostname, nsid"},
      {"it is empty", "log: {'': 1}\n", "1:7: unknown key \"\" in log; allowed are level, format, queries"},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      CHECK(errors(c.yaml) == c.errors);
    }
  }
}

TEST_CASE("keys that stand twice") {
  const tests::Row cases[] = {
      {"on top", "workers: 1\nlameduck: 1s\nworkers: 1\n",
       "3:1: key \"workers\" is here twice; the first one is on line 1"},
      {"in a section", "vip: {tombstone: 1h,\n      tombstone: 2h}\n",
       "2:7: key \"tombstone\" in vip is here twice; the first one is on line 1"},
      {"a section", "log: {level: info}\nlog: {format: json}\n",
       "2:1: key \"log\" is here twice; the first one is on line 1"},
      {"among names", "forward:\n  zones:\n    a: [10.0.0.1]\n    a: [10.0.0.2]\n",
       "4:5: key \"a\" in forward.zones is here twice; the first one is on line 3"},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      CHECK(errors(c.yaml) == c.errors);
    }
  }
}

TEST_CASE("values of another type") {
  const tests::Row cases[] = {
      {"the file is a list", "- listen\n", "1:1: found a list; expected a mapping (key: value)"},
      {"the file is a word", "listen\n", "1:1: found \"listen\"; expected a mapping (key: value)"},
      {"a section is a word", "vip: none\n", "1:6: vip: found \"none\"; expected a mapping (key: value)"},
      {"a section is a list", "log: [info]\n", "1:6: log: found a list; expected a mapping (key: value)"},
      {"an element is a word", "zones: [global]\n", "1:9: zones[0]: found \"global\"; expected a mapping (key: value)"},
      {"one element without a list", "listen: \"127.0.0.1:53\"\n",
       "1:9: listen: found the text \"127.0.0.1:53\"; expected a list: [\"127.0.0.1:53\"]"},
      {"a list is a mapping", "listen: {a: b}\n", "1:9: listen: found a mapping; expected a list"},
      {"a list is not there", "listen:\nworkers: 0\n", "1:1: listen: found nothing; expected a list"},
      {"a number is not there", "limits:\n  udp-payload:\n",
       "2:3: limits.udp-payload: found nothing; expected a whole number from 512 to 4096"},
      {"a number in quotes", "workers: \"2\"\n",
       "1:10: workers: found the text \"2\"; expected a whole number from 0 to 1024"},
      {"a boolean in quotes", "stale: {ready: 'true'}\n",
       "1:16: stale.ready: found the text \"true\"; expected true or false, without quotes"},
      {"a boolean of old", "stale: {ready: yes}\n",
       "1:16: stale.ready: found \"yes\"; expected true or false, without quotes"},
      {"a value is a list", "lameduck: [5s]\n",
       "1:11: lameduck: found a list; expected a duration in whole seconds such as 30s, 5m or 1h, from 0s to 1h"},
      {"a value is a mapping", "state: {dir: a}\n", "1:8: state: found a mapping; expected the path of a directory"},
      {"a list of lists", "access: {queries: [[a]]}\n",
       "1:20: access.queries[0]: found a list; expected a CIDR or an address such as 10.0.0.0/8, fd00::/8 or 10.0.0.1"},
      {"a key is a list", "? [a, b]\n: 1\n", "1:3: found a list; expected a key"},
      {"a key is nothing", "vip: {~: 1}\n", "1:7: vip: found nothing; expected a key"},
      {"a long value is cut between characters",
       "compat: 01234567890123456789012345678901234567890123456789012345678\xc3\xbc\n",
       "1:9: compat: found \"01234567890123456789012345678901234567890123456789012345678...\"; expected none or "
       "istiocoredns"},
      {"a long value is cut", "compat: 0123456789012345678901234567890123456789012345678901234567890123456789\n",
       "1:9: compat: found \"012345678901234567890123456789012345678901234567890123456789...\"; expected none or "
       "istiocoredns"},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      CHECK(errors(c.yaml) == c.errors);
    }
  }
}

TEST_CASE("a section whose keys are all commented out is as if it were not there") {
  CHECK(errors("vip:\n  # pools: []\nlog: ~\nforward:\n  zones:\n") == "");
  CHECK(parse("vip:\nlog:\naccess:\n", "test.yaml").config == Config{});
}

TEST_CASE("all errors of a file are told, in the order of its lines") {
  CHECK(errors("log: {level: loud}\n"
               "workers: many\n"
               "vip: {quarantine: 10s, pools: [224.0.0.0/8], tombstone: x}\n"
               "listen: ['::1', '127.0.0.1:x']\n"
               "colour: red\n") ==
        "1:14: log.level: found \"loud\"; expected trace, debug, info, warn or error\n"
        "2:10: workers: found \"many\"; expected a whole number from 0 to 1024\n"
        "3:19: vip.quarantine: 10s is less than twice the largest ttl (zones[0].ttl, 30s); expected at least 1m\n"
        "3:32: vip.pools: 224.0.0.0/8 lies in or over 224.0.0.0/4 (multicast), which no VIP can come from; expected "
        "another CIDR such as 245.0.0.0/8\n"
        "3:57: vip.tombstone: found \"x\"; expected a duration in whole seconds such as 30s, 5m or 1h, from 1s to "
        "1200000h\n"
        "4:17: listen[1]: found the text \"127.0.0.1:x\"; expected an address such as 10.0.0.1, 127.0.0.1:53 or "
        "\"[::1]:53\"\n"
        "5:1: unknown key \"colour\"; allowed are listen, workers, advertise, lameduck, admin, zones, serve-hosts, "
        "export-to, compat, reverse, sources, mass-delete-guard, stale, state, vip, forward, access, limits, identity, "
        "log");
}

TEST_CASE("aliases stand for what they name") {
  const auto loaded = parse("access:\n  recursion: &mine [10.0.0.0/8]\n  queries: *mine\n", "test.yaml");
  CHECK(tests::lines(loaded.errors) == "");
  CHECK(loaded.config.access.queries == loaded.config.access.recursion);
  CHECK(loaded.config.access.queries.size() == 1);
}

TEST_CASE("aliases of aliases cost no more than a file without them") {
  SUBCASE("nested, where nothing is read") {
    std::string yaml = "a0: &a0 [x, x]\n";
    for (int i = 1; i < 60; ++i) {
      const auto name = "a" + std::to_string(i), last = "*a" + std::to_string(i - 1);
      yaml += name + ": &" + name + " [" + last + ", " + last + "]\n";
    }
    CHECK(parse(yaml, "test.yaml").errors.size() == 60);  // the unknown keys
  }
  SUBCASE("one long list in many places") {
    std::string yaml = "forward:\n  zones:\n    z: &z [";
    for (int i = 0; i < 10'000; ++i) yaml += "10.0.0.1,";
    yaml += "]\n";
    for (int i = 0; i < 10'000; ++i) yaml += "    z" + std::to_string(i) + ": *z\n";
    const auto loaded = parse(yaml, "test.yaml");
    REQUIRE_FALSE(loaded.errors.empty());
    CHECK(loaded.errors.front().text == "too many aliases of aliases; write the values out");
    CHECK(loaded.errors.size() < 10);
  }
}
