#include <doctest/doctest.h>

#include <string>

#include "config/problems.hpp"

using namespace meridian::config;
using tests::errors;
using namespace std::chrono_literals;

TEST_CASE("access, limits, identity and log are read as they are written") {
  const auto loaded = parse(
      "access: {recursion: [], queries: [10.0.0.0/8], introspect: ['::1']}\n"
      "limits: {tcp-clients: 1, tcp-clients-per-address: 2, tcp-idle: 500ms, tcp-in-flight: 3, udp-payload: 4096,\n"
      "  file-size: 1GiB, object-size: 1KiB}\n"
      "identity: {version: 1.0, hostname: a, nsid: \"b c\"}\n"
      "log: {level: trace, format: json, queries: all}\n",
      "test.yaml");
  REQUIRE(tests::lines(loaded.errors) == "");
  const auto& config = loaded.config;
  CHECK(config.access.recursion.empty());
  REQUIRE(config.access.queries.size() == 1);
  CHECK(config.access.queries[0].to_text() == "10.0.0.0/8");
  REQUIRE(config.access.introspect.size() == 1);
  CHECK(config.access.introspect[0].to_text() == "::1/128");
  CHECK(config.limits.tcp_clients == 1);
  CHECK(config.limits.tcp_clients_per_address == 2);
  CHECK(config.limits.tcp_idle == 500ms);
  CHECK(config.limits.tcp_in_flight == 3);
  CHECK(config.limits.udp_payload == 4096);
  CHECK(config.limits.file_size == 1u << 30);
  CHECK(config.limits.object_size == 1024);
  CHECK(config.identity == Identity{"1.0", "a", "b c"});
  CHECK(config.log.level == Log::Level::Trace);
  CHECK(config.log.format == Log::Format::Json);
  CHECK(config.log.queries == Log::Queries::All);
}

TEST_CASE("words of YAML's booleans are words of ours") {
  CHECK(parse("log: {queries: off}\n", "test.yaml").config == Config{});
  CHECK(errors("log: {queries: false}\n") == "1:16: log.queries: found \"false\"; expected off, sampled or all");
}

TEST_CASE("limits that can't be") {
  const tests::Row cases[] = {
      {"no clients", "limits: {tcp-clients: 0}\n",
       "1:23: limits.tcp-clients: found \"0\"; expected a whole number from 1 to 1000000"},
      {"no clients of an address", "limits: {tcp-clients-per-address: 0}\n",
       "1:35: limits.tcp-clients-per-address: found \"0\"; expected a whole number from 1 to 1000000"},
      {"no questions", "limits: {tcp-in-flight: 0}\n",
       "1:25: limits.tcp-in-flight: found \"0\"; expected a whole number from 1 to 1000000"},
      {"no time", "limits: {tcp-idle: 0s}\n",
       "1:20: limits.tcp-idle: found \"0s\"; expected a duration such as 250ms, 30s, 5m or 1h, from 1ms to 24h"},
      {"a payload below DNS' own", "limits: {udp-payload: 511}\n",
       "1:23: limits.udp-payload: found \"511\"; expected a whole number from 512 to 4096"},
      {"a payload above any sense", "limits: {udp-payload: 4097}\n",
       "1:23: limits.udp-payload: found \"4097\"; expected a whole number from 512 to 4096"},
      {"a size of nothing", "limits: {file-size: 0B}\n",
       "1:21: limits.file-size: found \"0B\"; expected a size such as 64MiB (B, KiB, MiB or GiB), from 1KiB to "
       "1024GiB"},
      {"a rate", "limits:\n  rate: 100\n", "2:3: limits.rate: comes with a later version; remove the key"},
      {"a rate of zero", "limits: {rate: 0}\n", "1:10: limits.rate: comes with a later version; remove the key"},
      {"claims", "claims:\n  hosts: 5\n", "1:1: claims: comes with a later version; remove the key"},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      CHECK(errors(c.yaml) == c.errors);
    }
  }
}

TEST_CASE("an identity fits into one string of a TXT record") {
  CHECK(errors("identity: {nsid: " + std::string(255, 'x') + "}\n") == "");
  const auto text = errors("identity: {nsid: " + std::string(256, 'x') + "}\n");
  CHECK(text.find("1:18: identity.nsid: found \"xxx") == 0);
  CHECK(text.find("; expected a text of at most 255 octets, or \"\" to tell nothing") != text.npos);
}

TEST_CASE("the log has levels, formats and kinds of query log") {
  const tests::Row cases[] = {
      {"a level", "log: {level: verbose}\n",
       "1:14: log.level: found \"verbose\"; expected trace, debug, info, warn or error"},
      {"a format", "log: {format: xml}\n", "1:15: log.format: found \"xml\"; expected text or json"},
      {"queries", "log: {queries: some}\n", "1:16: log.queries: found \"some\"; expected off, sampled or all"},
      {"access that is no CIDR", "access: {recursion: [any]}\n",
       "1:22: access.recursion[0]: found \"any\"; expected a CIDR or an address such as 10.0.0.0/8, fd00::/8 or "
       "10.0.0.1"},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      CHECK(errors(c.yaml) == c.errors);
    }
  }
}
