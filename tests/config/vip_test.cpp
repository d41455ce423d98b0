#include <doctest/doctest.h>

#include <string>

#include "config/problems.hpp"

using namespace meridian::config;
using tests::errors;
using namespace std::chrono_literals;

TEST_CASE("virtual addresses are read as they are written") {
  const auto loaded = parse(
      "vip:\n  pools: [10.9.0.0/16, 'fd00::/48']\n  exclude: [10.9.1.0/24, 10.9.2.7]\n  quarantine: 2m\n"
      "  tombstone: 48h\n  wildcard-hosts: true\n  write-back: none\n  ledger: sqlite\n",
      "test.yaml");
  REQUIRE(tests::lines(loaded.errors) == "");
  const auto& vip = loaded.config.vip;
  REQUIRE(vip.pools.size() == 2);
  CHECK(vip.pools[0].to_text() == "10.9.0.0/16");
  CHECK(vip.pools[1].to_text() == "fd00::/48");
  REQUIRE(vip.exclude.size() == 2);
  CHECK(vip.exclude[0].to_text() == "10.9.1.0/24");
  CHECK(vip.exclude[1].to_text() == "10.9.2.7/32");
  CHECK(vip.quarantine == 2min);
  CHECK(vip.tombstone == 48h);
  CHECK(vip.wildcard_hosts);
  CHECK(errors("vip: {pools: []}\n") == "");
}

TEST_CASE("pools that no VIP can come from") {
  const std::string multicast = " lies in or over 224.0.0.0/4 (multicast), which no VIP can come from";
  const std::string excluded = ", which is always excluded, so nothing is left of it";
  const std::string expected = "; expected another CIDR such as 245.0.0.0/8";
  struct {
    const char* pool;
    std::string why;  // empty: it is allowed
  } cases[] = {
      {"245.0.0.0/8", ""},
      {"240.0.0.0/4", ""},
      {"240.240.0.0/15", ""},
      {"10.0.0.0/30", ""},
      {"10.0.0.7", ""},
      {"223.0.0.0/8", ""},
      {"'fd00::/8'", ""},
      {"224.0.0.0/4", multicast + expected},
      {"239.1.2.0/24", multicast + expected},
      {"192.0.0.0/2", multicast + expected},
      {"127.0.0.0/8", " lies in or over 127.0.0.0/8 (loopback), which no VIP can come from" + expected},
      {"127.1.2.3", " lies in or over 127.0.0.0/8 (loopback), which no VIP can come from" + expected},
      {"0.0.0.0/0", " lies in or over 0.0.0.0/8 (\"this network\"), which no VIP can come from" + expected},
      {"0.1.0.0/16", " lies in or over 0.0.0.0/8 (\"this network\"), which no VIP can come from" + expected},
      {"'ff02::/16'", " lies in or over ff00::/8 (multicast), which no VIP can come from" + expected},
      {"'::1'", " lies in or over ::/8 (loopback and mapped addresses), which no VIP can come from" + expected},
      {"240.0.0.0/16", " lies in 240.0.0.0/16 (Admiral's)" + excluded + expected},
      {"240.0.9.0/24", " lies in 240.0.0.0/16 (Admiral's)" + excluded + expected},
      {"240.240.0.0/16", " lies in 240.240.0.0/16 (istiod's)" + excluded + expected},
      {"243.0.0.0/8", " lies in 242.0.0.0/7 (Submariner's)" + excluded + expected},
      {"255.1.0.0/16", " lies in 255.0.0.0/8 (broadcast)" + excluded + expected},
      {"10.0.0.0/32", " ends in 0 or 255" + excluded},
      {"10.0.0.255", " ends in 0 or 255" + excluded},
  };
  for (const auto& c : cases) {
    SUBCASE(c.pool) {
      const auto loaded = parse("vip: {pools: [" + std::string(c.pool) + "]}\n", "test.yaml");
      REQUIRE(loaded.config.vip.pools.size() == 1);
      CHECK(tests::lines(loaded.errors) ==
            (c.why.empty() ? "" : "1:15: vip.pools: " + loaded.config.vip.pools[0].to_text() + c.why));
    }
  }
}

TEST_CASE("pools that don't agree with the rest") {
  const tests::Row cases[] = {
      {"one lies in another", "vip:\n  pools: [245.0.0.0/8, 10.0.0.0/16, 245.9.0.0/16]\n",
       "2:37: vip.pools: 245.9.0.0/16 overlaps 245.0.0.0/8; expected pools that share no address"},
      {"the wider one comes later", "vip:\n  pools: [245.9.0.0/16, 245.0.0.0/8]\n",
       "2:25: vip.pools: 245.0.0.0/8 overlaps 245.9.0.0/16; expected pools that share no address"},
      {"the same twice", "vip:\n  pools: [245.0.0.0/8, 245.0.0.0/8]\n",
       "2:24: vip.pools: 245.0.0.0/8 overlaps 245.0.0.0/8; expected pools that share no address"},
      {"two in one", "vip: {pools: [10.1.0.0/16, 10.0.0.0/8, 10.2.0.0/16]}\n",
       "1:28: vip.pools: 10.0.0.0/8 overlaps 10.1.0.0/16; expected pools that share no address\n"
       "1:40: vip.pools: 10.2.0.0/16 overlaps 10.0.0.0/8; expected pools that share no address"},
      {"neighbours don't overlap", "vip: {pools: [10.0.0.0/9, 10.128.0.0/9, 'fd00::/64', 'fd00:0:0:1::/64']}\n", ""},
      {"all is excluded", "vip: {pools: [10.1.0.0/16], exclude: [10.0.0.0/8]}\n",
       "1:15: vip.pools: 10.1.0.0/16 lies in 10.0.0.0/8 of vip.exclude, so nothing is left of it"},
      {"the default is excluded", "vip: {exclude: [240.0.0.0/4]}\n",
       "1:16: vip.pools: 245.0.0.0/8 lies in 240.0.0.0/4 of vip.exclude, so nothing is left of it"},
      {"no CIDR", "vip: {pools: [245/8]}\n",
       "1:15: vip.pools[0]: found \"245/8\"; expected a CIDR or an address such as 10.0.0.0/8, fd00::/8 or 10.0.0.1"},
      {"what is excluded is no CIDR", "vip: {exclude: [me]}\n",
       "1:17: vip.exclude[0]: found \"me\"; expected a CIDR or an address such as 10.0.0.0/8, fd00::/8 or 10.0.0.1"},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      CHECK(errors(c.yaml) == c.errors);
    }
  }
}

TEST_CASE("quarantine outlives every cache") {
  const tests::Row cases[] = {
      {"twice the ttl is enough", "zones: [{name: a, ttl: 30m}]\n", ""},
      {"less is not", "vip: {quarantine: 59s}\n",
       "1:19: vip.quarantine: 59s is less than twice the largest ttl (zones[0].ttl, 30s); expected at least 1m"},
      {"the largest of all zones counts", "zones:\n  - {name: a, ttl: 10s}\n  - {name: b, ttl: 31m}\n",
       "3:20: vip.quarantine: 1h is less than twice the largest ttl (zones[1].ttl, 31m); expected at least 62m"},
      {"the zone may come later in the file", "vip: {quarantine: 1m}\nzones: [{name: a, ttl: 31s}]\n",
       "1:19: vip.quarantine: 1m is less than twice the largest ttl (zones[0].ttl, 31s); expected at least 62s"},
      {"a ttl that is wrong counts for nothing", "vip: {quarantine: 1s}\nzones: [{name: a, ttl: x}]\n",
       "2:24: zones[0].ttl: found \"x\"; expected a duration in whole seconds such as 30s, 5m or 1h, from 0s to "
       "2147483647s"},
      {"the largest ttl has a quarantine", "vip: {quarantine: 4294967294s}\nzones: [{name: a, ttl: 2147483647s}]\n",
       ""},
      {"none at all", "vip: {quarantine: 0s}\nzones: [{name: a, ttl: 0s}]\n",
       "1:19: vip.quarantine: found \"0s\"; expected a duration in whole seconds such as 30s, 5m or 1h, from 1s to "
       "1200000h"},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      CHECK(errors(c.yaml) == c.errors);
    }
  }
}
