#include "mesh/entries.hpp"

#include <doctest/doctest.h>

#include <meridian/mesh/host.hpp>

using namespace meridian::mesh;
using meridian::mesh::testing::entry;
using meridian::mesh::testing::joined;
using meridian::mesh::testing::summary;

namespace {

// One host out of entries; every status address is its own to keep.
Host host_of(std::string_view name, const std::vector<std::string>& lines, const Rules& rules) {
  std::vector<std::shared_ptr<const ServiceEntry>> entries;
  Claims claims;
  for (const std::string& line : lines) claims.insert(entries.emplace_back(entry(line)).get());
  return make_host(name, claims, rules, [&](const Address&) { return name; });
}

}  // namespace

TEST_CASE("entries of one namespace are merged, the oldest first") {
  const Rules rules{.zones = {"global"}};
  struct {
    const char* title;
    std::vector<std::string> entries;
    const char* summary;
  } cases[] = {
      {"addresses are joined, each once",
       {"b/z created=2024-01-01 hosts=x.global addresses=240.0.0.9,240.0.0.2",
        "b/a created=2024-01-02 hosts=x.global addresses=240.0.0.1,240.0.0.9"},
       "literal 240.0.0.9 240.0.0.2 240.0.0.1 by b/z b/a"},
      {"a missing creationTimestamp counts as oldest",
       {"b/a created=1999-01-01 hosts=x.global addresses=240.0.0.1", "b/z hosts=x.global addresses=240.0.0.2"},
       "literal 240.0.0.2 240.0.0.1 by b/z b/a"},
      {"of two of one age, the name decides",
       {"b/z created=2024-01-01 hosts=x.global addresses=240.0.0.1",
        "b/a created=2024-01-01 hosts=x.global addresses=240.0.0.2"},
       "literal 240.0.0.2 240.0.0.1 by b/a b/z"},
      {"a literal address in one of them means no VIP for the host",
       {"b/a hosts=x.global", "b/z hosts=x.global addresses=240.0.0.2"},
       "literal 240.0.0.2 by b/a b/z"},
      {"and so does a range in one of them",
       {"b/a hosts=x.global status=240.240.0.1@x.global", "b/z hosts=x.global addresses=10.0.0.0/8"},
       "none by b/a b/z"},
      {"status addresses are joined",
       {"b/a hosts=x.global status=240.240.0.1@x.global", "b/b hosts=x.global status=240.240.0.2@x.global"},
       "status 240.240.0.1 240.240.0.2 by b/a b/b"},
      {"less those of an entry that opts out",
       {"b/a hosts=x.global vip=none status=240.240.0.1@x.global", "b/b hosts=x.global status=240.240.0.2@x.global"},
       "status 240.240.0.2 by b/a b/b"},
      {"one that opts out does not count", {"b/a hosts=x.global vip=none", "b/b hosts=x.global"}, "vip by b/a b/b"},
      {"all that opt out do, in whatever way",
       {"b/a hosts=x.global vip=none", "b/b hosts=x.global allocate=false"},
       "none by b/a b/b"},
      {"one resolution that qualifies is enough",
       {"b/a hosts=x.global resolution=NONE", "b/b hosts=x.global resolution=DYNAMIC_DNS", "b/c hosts=x.global"},
       "vip by b/a b/b b/c"},
      {"none that qualifies is not",
       {"b/a hosts=x.global resolution=NONE", "b/b hosts=x.global resolution=DYNAMIC_DNS"},
       "none by b/a b/b"},
  };
  for (const auto& c : cases) SUBCASE(c.title) {
      CHECK(summary(host_of("x.global", c.entries, rules)) == c.summary);
    }
}

TEST_CASE("across namespaces the oldest entry's wins") {
  const Rules rules{.zones = {"global"}};
  struct {
    const char* title;
    std::vector<std::string> entries;
    const char* summary;
  } cases[] = {
      {"by creationTimestamp",
       {"a/a created=2024-01-02 hosts=x.global addresses=240.0.0.1",
        "b/b created=2024-01-01 hosts=x.global addresses=240.0.0.2"},
       "literal 240.0.0.2 by b/b not a/a"},
      {"by namespace, if that is equal",
       {"b/a hosts=x.global addresses=240.0.0.1", "a/b hosts=x.global addresses=240.0.0.2"},
       "literal 240.0.0.2 by a/b not b/a"},
      {"with the younger entries of the same namespace",
       {"b/old created=2024-01-01 hosts=x.global addresses=240.0.0.1",
        "a/mid created=2024-01-02 hosts=x.global addresses=240.0.0.2",
        "b/new created=2024-01-03 hosts=x.global addresses=240.0.0.3", "c/late created=2024-01-04 hosts=x.global"},
       "literal 240.0.0.1 240.0.0.3 by b/old b/new not a/mid c/late"},
      {"even if it has no address and the loser has",
       {"b/b created=2024-01-01 hosts=x.global resolution=NONE",
        "a/a created=2024-01-02 hosts=x.global addresses=240.0.0.1"},
       "none by b/b not a/a"},
  };
  for (const auto& c : cases) SUBCASE(c.title) {
      CHECK(summary(host_of("x.global", c.entries, rules)) == c.summary);
    }
}

TEST_CASE("what merged entries say besides") {
  const Rules rules{.zones = {"global"}};
  const Host host = host_of(
      "x.global",
      {"b/a hosts=x.global ttl=5m ports=http:80,dns:53:UDP", "b/b hosts=x.global ttl=30s ports=grpc:90,http:8080",
       "b/c hosts=x.global", "c/z hosts=x.global ttl=1s ports=other:1"},
      rules);
  CHECK(host.ttl == std::chrono::seconds(30));
  CHECK(host.ports == std::vector<Port>{{"http", 80, false}, {"dns", 53, true}, {"grpc", 90, false}});
}

TEST_CASE("pins and what becomes of them") {
  const Rules rules{.zones = {"global"}};
  struct {
    const char* title;
    std::vector<std::string> entries;
    const char* summary;
    const char* warnings;
  } cases[] = {
      {"of several, the oldest entry's",
       {"b/a hosts=x.global", "b/b hosts=x.global vip=245.0.0.1", "b/c hosts=x.global vip=245.0.0.2"},
       "vip pin 245.0.0.1 by b/a b/b b/c",
       "the pin 245.0.0.2 of b/c has no effect: the older b/b pins 245.0.0.1"},
      {"two equal ones do no harm",
       {"b/b hosts=x.global vip=245.0.0.1", "b/c hosts=x.global vip=245.0.0.1"},
       "vip pin 245.0.0.1 by b/b b/c",
       ""},
      {"beside a literal address it has no effect",
       {"b/b hosts=x.global vip=245.0.0.1 addresses=240.0.0.1"},
       "literal 240.0.0.1 by b/b",
       "the pin 245.0.0.1 of b/b has no effect: spec.addresses"},
      {"with resolution NONE neither",
       {"b/b hosts=x.global vip=245.0.0.1 resolution=NONE"},
       "none by b/b",
       "the pin 245.0.0.1 of b/b has no effect: no addresses, and with resolution NONE never a VIP"},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      const Host host = host_of("x.global", c.entries, rules);
      CHECK(summary(host) == c.summary);
      CHECK(joined(host.warnings, "|") == c.warnings);
    }
  }
}
