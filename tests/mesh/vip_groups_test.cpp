#include "mesh/vip_world.hpp"

using namespace meridian::mesh;
using meridian::mesh::testing::joined;
using meridian::mesh::testing::World;

TEST_CASE("hosts that entries join have one VIP") {
  struct {
    const char* title;
    std::vector<std::string> entries;
    const char* ledger;
    const char* told;  // of host a
  } cases[] = {
      {"a host alone", {"n/1 hosts=a.global"}, "", "a: a by n/1"},
      {"a host that no entry names", {"n/1 hosts=b.global"}, "", ""},
      {"two hosts of one entry: the smallest name is the key", {"n/1 hosts=b.global,a.global"}, "", "a b: a by n/1"},
      {"the one that has a VIP is the key", {"n/1 hosts=a.global,b.global"}, "b=245.0.0.1", "a b: b by n/1"},
      {"one host in two entries", {"n/1 hosts=a.global", "n/2 hosts=a.global"}, "", "a: a by n/1 n/2"},
      {"a chain of entries",
       {"n/1 hosts=a.global,b.global", "n/2 hosts=b.global,c.global", "n/3 hosts=c.global,d.global"},
       "d=245.0.0.1",
       "a b c d: d by n/1 n/2 n/3"},
      {"an entry of a namespace that loses the host joins too",
       {"n/1 created=2024-01-01 hosts=a.global", "m/2 created=2024-01-02 hosts=a.global,b.global"},
       "",
       "a b: a by n/1 m/2"},
      {"entries are told oldest first",
       {"n/1 created=2024-01-02 hosts=a.global", "n/2 created=2024-01-01 hosts=a.global"},
       "",
       "a: a by n/2 n/1"},
      {"two groups that have nothing in common",
       {"n/1 hosts=a.global,b.global", "n/2 hosts=c.global,d.global"},
       "",
       "a b: a by n/1"},
      {"two hosts that have VIPs stay apart",
       {"n/1 hosts=a.global,b.global"},
       "a=245.0.0.1 b=245.0.0.2",
       "a: a; b: b; not n/1"},
      {"an entry that would join two groups joins none of its hosts",
       {"n/1 hosts=a.global,b.global,c.global"},
       "a=245.0.0.1 b=245.0.0.2",
       "a: a; b: b; c: c; not n/1"},
      {"the older entry joins first",
       {"n/1 created=2024-01-02 hosts=a.global,x.global", "n/2 created=2024-01-01 hosts=x.global,b.global"},
       "a=245.0.0.1 b=245.0.0.2",
       "a: a; b x: b by n/2; not n/1"},
      {"by name, of one age",
       {"n/2 hosts=x.global,b.global", "n/1 hosts=a.global,x.global"},
       "a=245.0.0.1 b=245.0.0.2",
       "a x: a by n/1; b: b; not n/2"},
      {"the pin of the oldest entry, whichever host it names",
       {"n/1 created=2024-01-03 hosts=a.global,b.global", "n/2 created=2024-01-02 hosts=a.global vip=245.0.0.8",
        "n/3 created=2024-01-01 hosts=b.global vip=245.0.0.9"},
       "",
       "a b: a by n/3 n/2 n/1 pin 245.0.0.9"},
      {"the pin of an entry that lost the host counts for nothing",
       {"n/1 created=2024-01-01 hosts=a.global", "m/2 created=2024-01-02 hosts=a.global vip=245.0.0.9"},
       "",
       "a: a by n/1 m/2"},
      {"v6 VIPs are VIPs", {"n/1 hosts=a.global,b.global"}, "b=fd00::1", "a b: b by n/1"},
  };
  for (const auto& c : cases) SUBCASE(c.title) {
      CHECK(World(c.entries, c.ledger).told("a") == c.told);
    }
}

TEST_CASE("an entry that joins nobody") {
  struct {
    const char* title;
    std::vector<std::string> entries;
    const char* told;
    const char* why;  // of the first refusal
  } cases[] = {
      {"has addresses of its own", {"n/1 hosts=a.global,b.global addresses=240.0.0.1"}, "", "has addresses of its own"},
      {"has only a range", {"n/1 hosts=a.global,b.global addresses=10.0.0.0/8"}, "", "has addresses of its own"},
      {"opts out", {"n/1 hosts=a.global,b.global vip=none", "n/2 hosts=a.global"}, "a: a by n/2", "opts out"},
      {"opts out by Istio's label",
       {"n/1 hosts=a.global,b.global allocate=false", "n/2 hosts=a.global"},
       "a: a by n/2",
       "opts out"},
      {"has resolution NONE",
       {"n/1 hosts=a.global,b.global resolution=NONE", "n/2 hosts=a.global"},
       "a: a by n/2",
       "has resolution NONE, which takes no VIP in spec.addresses"},
      {"has resolution DYNAMIC_DNS",
       {"n/1 hosts=a.global,b.global resolution=DYNAMIC_DNS", "n/2 hosts=a.global"},
       "a: a by n/2",
       "has resolution DYNAMIC_DNS, which takes no VIP in spec.addresses"},
      {"has a VIP of istiod",
       {"n/1 hosts=a.global,b.global status=240.240.0.1@b.global"},
       "a: a",
       "has VIPs of istiod in status.addresses"},
      {"comes from a source that is not written to",
       {"n/1 hosts=a.global,b.global from=file"},
       "a: a",
       "comes from a source that is not written to"},
      {"names a host with an address",
       {"n/1 hosts=a.global,b.global", "n/2 hosts=b.global addresses=240.0.0.1"},
       "a: a",
       "names b.global, which needs no VIP of ours: spec.addresses"},
      {"names a host outside the zones",
       {"n/1 hosts=a.global,b.example"},
       "a: a",
       "names b.example, which needs no VIP of ours: outside the owned zones (global); serve-hosts is owned"},
      {"names a wildcard",
       {"n/1 hosts=a.global,*.b.global"},
       "a: a",
       "names *.b.global, which needs no VIP of ours: a wildcard without addresses, and vip.wildcard-hosts is off"},
  };
  for (const auto& c : cases) SUBCASE(c.title) {
      const World world(c.entries);
      CHECK(world.told("a") == c.told);
      const auto refused = world.groups("a").refused;
      REQUIRE(refused.size() == 1);
      CHECK(refused[0].entry.to_text() == "n/1");
      CHECK(refused[0].why == c.why);
      CHECK_FALSE(refused[0].conflict);
    }
}

TEST_CASE("a refused entry says what it would have joined") {
  const World world({"n/1 hosts=a.global,b.global", "n/2 hosts=b.global,c.global,x.global"}, "b=245.0.0.1 c=245.0.0.2");
  const auto refused = world.groups("a").refused;
  REQUIRE(refused.size() == 1);
  CHECK(
      refused[0].why ==
      "would give its hosts one VIP, and they have several: b.global its own, c.global its own; a VIP that exists does "
      "not move for that: give them entries of their own");
}

TEST_CASE("a group is found by its hosts") {
  const World world({"n/1 hosts=a.global,b.global", "n/2 hosts=b.global,c.global,d.global"}, "a=245.0.0.1 c=245.0.0.2");
  const auto groups = world.groups("a");
  REQUIRE(groups.of("b.global") != nullptr);
  CHECK(groups.of("b.global")->key == "a.global");
  CHECK(groups.of("d.global")->key == "d.global");
  CHECK(groups.of("e.global") == nullptr);
}

TEST_CASE("neighbours are named by common entries, whatever these are, or share a VIP") {
  const World world({"n/1 hosts=a.global,b.global addresses=240.0.0.1", "n/2 hosts=b.global,c.global"}, "", "x>a y>b");
  const auto told = [&](const std::set<std::string>& of) {
    const auto hosts = neighbours(of, world.model, world.shared);
    return joined(std::vector<std::string>(hosts.begin(), hosts.end()));
  };
  CHECK(told({"a.global"}) == "a.global b.global x.global");
  CHECK(told({"b.global"}) == "a.global b.global c.global y.global");
  CHECK(told({"nobody.global"}) == "nobody.global");
  CHECK(told({"a.global", "c.global", "nobody.global"}) == "a.global b.global c.global nobody.global x.global");
}

TEST_CASE("an entry is judged once for all its hosts, where they have a memo in common") {
  const World world({"n/1 hosts=a.global,b.global,c.global,d.elsewhere"});
  int judged = 0;
  LinkMemo memo;
  const VipFacts facts{[](std::string_view) { return false; },
                       [](const Address&) { return std::nullopt; },
                       [&](unsigned) { return ++judged > 0; },
                       world.shared,
                       true,
                       &memo};
  for (const char* host : {"a.global", "b.global", "c.global"}) {
    const auto found = group(host, world.model, facts);
    CHECK(found.groups.size() == 1);
    REQUIRE(found.refused.size() == 1);
    CHECK(found.refused[0].why.find("names d.elsewhere") == 0);
  }
  CHECK(judged == 1);
}
