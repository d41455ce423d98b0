#include <doctest/doctest.h>

#include <string>

#include "config/problems.hpp"

using namespace meridian::config;
using tests::errors;
using namespace std::chrono_literals;

TEST_CASE("zones are read as they are written") {
  const auto loaded = parse(
      "zones:\n"
      "  - {name: Mesh.Example., ttl: 1m, negative-ttl: 0s, unknown: forward, wildcards: rfc4592, order: fixed}\n"
      "  - {name: global, order: random}\n"
      "serve-hosts: any\nexport-to: public-only\ncompat: istiocoredns\n",
      "test.yaml");
  REQUIRE(tests::lines(loaded.errors) == "");
  const auto& config = loaded.config;
  REQUIRE(config.zones.size() == 2);
  CHECK(config.zones[0] == Zone{.name = "mesh.example",
                                .ttl = 60s,
                                .negative_ttl = 0s,
                                .unknown = Zone::Unknown::Forward,
                                .wildcards = Zone::Wildcards::Rfc4592,
                                .order = Zone::Order::Fixed});
  CHECK(config.zones[1] == Zone{.name = "global", .order = Zone::Order::Random});
  CHECK(config.serve_hosts == Config::ServeHosts::Any);
  CHECK(config.export_to == Config::ExportTo::PublicOnly);
  CHECK(config.compat == Config::Compat::IstioCoreDns);
}

TEST_CASE("zones that can't be") {
  const std::string name = "; expected a domain name below the root such as global or cluster.local";
  const tests::Row cases[] = {
      {"the root", "zones:\n  - name: .\n", "2:11: zones[0].name: found \".\"" + name},
      {"a name of nothing", "zones: [{name: ''}]\n", "1:16: zones[0].name: found the text \"\"" + name},
      {"a wildcard", "zones: [{name: '*.global'}]\n", "1:16: zones[0].name: found the text \"*.global\"" + name},
      {"no name", "zones:\n  - ttl: 1s\n",
       "2:5: zones[0]: has no name; expected name: and a domain name such as global"},
      {"nothing", "zones:\n  -\n", "2:3: zones[0]: has no name; expected name: and a domain name such as global"},
      {"the same twice", "zones:\n  - name: global\n  - name: GLOBAL.\n",
       "3:11: zones[1].name: global is zones[0] already; expected each zone once"},
      {"a ttl without a unit", "zones: [{name: a, ttl: 30}]\n",
       "1:24: zones[0].ttl: found \"30\"; expected a duration in whole seconds such as 30s, 5m or 1h, from 0s to "
       "2147483647s"},
      {"a ttl of half a second", "zones: [{name: a, ttl: 500ms}]\n",
       "1:24: zones[0].ttl: found \"500ms\"; expected a duration in whole seconds such as 30s, 5m or 1h, from 0s to "
       "2147483647s"},
      {"a ttl with its highest bit set", "zones: [{name: a, negative-ttl: 2147483648s}]\n",
       "1:33: zones[0].negative-ttl: found \"2147483648s\"; expected a duration in whole seconds such as 30s, 5m or "
       "1h, from 0s to 2147483647s"},
      {"an unknown order", "zones: [{name: a, order: sorted}]\n",
       "1:26: zones[0].order: found \"sorted\"; expected rotate, random or fixed"},
      {"an answer for unknown names", "zones: [{name: a, unknown: refuse}]\n",
       "1:28: zones[0].unknown: found \"refuse\"; expected nxdomain or forward"},
      {"wildcards of another kind", "zones: [{name: a, wildcards: glob}]\n",
       "1:30: zones[0].wildcards: found \"glob\"; expected istio or rfc4592"},
      {"hosts of nobody", "serve-hosts: none\n", "1:14: serve-hosts: found \"none\"; expected owned or any"},
      {"another export", "export-to: all\n", "1:12: export-to: found \"all\"; expected ignore or public-only"},
      {"another compatibility", "compat: coredns\n", "1:9: compat: found \"coredns\"; expected none or istiocoredns"},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      CHECK(errors(c.yaml) == c.errors);
    }
  }
}

TEST_CASE("no zones need hosts outside of them") {
  CHECK(errors("zones: []\n") ==
        "1:8: zones: is empty and serve-hosts is owned, so there is nothing to answer; name a zone or set "
        "serve-hosts: any");
  CHECK(errors("zones: []\nserve-hosts: any\n") == "");
}

TEST_CASE("reverse names the pools and CIDRs") {
  struct {
    const char* title;
    const char* yaml;
    bool pools;
    std::string cidrs;
  } cases[] = {
      {"by default the pools", "", true, ""},
      {"nothing", "reverse: []\n", false, ""},
      {"the pools", "reverse: [pools]\n", true, ""},
      {"a CIDR alone", "reverse: [10.1.2.3/16]\n", false, "10.1.0.0/16 "},
      {"both", "reverse: ['fd00::/8', pools, 10.1.0.0/16]\n", true, "fd00::/8 10.1.0.0/16 "},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      const auto loaded = parse(c.yaml, "test.yaml");
      CHECK(tests::lines(loaded.errors) == "");
      std::string cidrs;
      for (const auto& cidr : loaded.config.reverse) cidrs += cidr.to_text() + " ";
      CHECK(loaded.config.reverse_pools == c.pools);
      CHECK(cidrs == c.cidrs);
    }
  }
  CHECK(errors("reverse: [pool]\n") ==
        "1:11: reverse[0]: found \"pool\"; expected pools, or a CIDR such as 10.1.0.0/16");
}
