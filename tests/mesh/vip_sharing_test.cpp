// How a group keeps its VIP: while entries come and go, when its key goes, over a restart.
#include "mesh/vip_world.hpp"

using namespace meridian::mesh;
using meridian::mesh::testing::World;

TEST_CASE("who shares a VIP goes on sharing it") {
  struct {
    const char* title;
    std::vector<std::string> entries;
    const char* ledger;
    const char* memory;
    const char* told;  // of host b
  } cases[] = {
      {"when an older entry comes that would take a host over",
       {"n/1 created=2024-01-01 hosts=a.global,b.global", "n/2 created=2024-01-02 hosts=b.global,c.global"},
       "a=245.0.0.1 c=245.0.0.3",
       "b>c",
       "a: a; b c: c by n/2; not n/1"},
      {"when its entry names a host more that has a VIP",
       {"n/1 hosts=a.global,b.global,x.global"},
       "a=245.0.0.1 x=245.0.0.2",
       "b>a",
       "a b: a; x: x; not n/1"},
      {"when its key is reached by another way",
       {"n/1 hosts=a.global,c.global", "n/2 hosts=b.global,c.global"},
       "a=245.0.0.1",
       "b>a c>a",
       "a b c: a by n/1 n/2"},
      {"but not without any way to its key",
       {"n/1 hosts=a.global", "n/2 hosts=b.global,c.global"},
       "a=245.0.0.1",
       "b>a c>a",
       "b c: b by n/2"},
      {"and not by way of those who don't: it may join what has none",
       {"n/1 hosts=a.global,x.global", "n/2 hosts=b.global,y.global"},
       "a=245.0.0.1",
       "b>a",
       "b y: b by n/2"},
      {"and who loses its key stays together, though older entries come for each",
       {"n/1 created=2024-01-01 hosts=b.global,x.global", "n/2 created=2024-01-02 hosts=c.global,y.global",
        "n/3 created=2024-01-03 hosts=b.global,c.global", "n/4 hosts=a.global"},
       "a=245.0.0.1 x=245.0.0.2 y=245.0.0.3",
       "b>a c>a",
       "b c x: x by n/1 n/3; y: y; not n/2"},
      {"and not of a key that has no VIP any more",
       {"n/1 hosts=a.global,b.global,c.global"},
       "c=245.0.0.1",
       "b>a",
       "a b c: c by n/1"},
      {"what it has itself counts for more than what is remembered",
       {"n/1 hosts=b.global", "n/2 hosts=a.global,b.global"},
       "a=245.0.0.1 b=245.0.0.2",
       "b>a",
       "a: a; b: b by n/1; not n/2"},
  };
  for (const auto& c : cases) SUBCASE(c.title) {
      CHECK(World(c.entries, c.ledger, c.memory).told("b") == c.told);
    }
}

TEST_CASE("the VIP of a key that is gone") {
  struct {
    const char* title;
    std::vector<std::string> entries;
    const char* memory;
    const char* told;  // of host c; k has 245.0.0.1
  } cases[] = {
      {"is its sharer's", {"n/1 hosts=c.global"}, "c>k", "c: c from k by n/1"},
      {"is the smallest name's of the group", {"n/1 hosts=c.global,b.global"}, "c>k b>k", "b c: b from k by n/1"},
      {"is the group's, whoever joins it now", {"n/1 hosts=c.global,a.global"}, "c>k", "a c: a from k by n/1"},
      {"is the oldest entry's, if the group fell apart",
       {"n/1 created=2024-01-02 hosts=b.global", "n/2 created=2024-01-01 hosts=c.global"},
       "b>k c>k",
       "b: b by n/1; c: c from k by n/2"},
      {"is the smallest name's, if no entry is written",
       {"n/1 hosts=c.global from=file", "n/2 hosts=b.global from=file"},
       "b>k c>k",
       "b: b from k; c: c"},
      {"is not a new host's, though the list in its entry has it",
       {"n/1 hosts=c.global written=245.0.0.1"},
       "",
       "c: c by n/1"},
      {"keeps others off the group", {"n/1 hosts=c.global,x.global"}, "c>k", "c: c from k; x: x; not n/1"},
      {"is not given on while an entry names the key",
       {"n/1 hosts=c.global", "n/2 hosts=k.global"},
       "c>k",
       "c: c by n/1"},
      {"is given on when the key has an address of its own",
       {"n/1 hosts=c.global,k.global", "n/2 hosts=k.global addresses=240.0.0.1"},
       "c>k",
       "c: c from k"},
  };
  for (const auto& c : cases) SUBCASE(c.title) {
      CHECK(World(c.entries, "k=245.0.0.1 x=245.0.0.2", c.memory).told("c") == c.told);
    }
}

TEST_CASE("a rename that the ledger does not have yet is found again, and one that it has is not") {
  World world({"n/1 hosts=b.global,c.global"}, "k=245.0.0.1", "b>k c>k");
  CHECK(world.told("c") == "b c: b from k by n/1");
  world.shared.remember({"b.global", "c.global"}, "b.global", "k.global");
  CHECK(world.told("c") == "b c: b from k by n/1");
  world.vips = {{"b.global", world.vips.at("k.global")}};
  CHECK(world.told("c") == "b c: b by n/1");
}

TEST_CASE("until everything is settled, lists that were written tell who shares, and nobody is gone") {
  struct {
    const char* title;
    std::vector<std::string> entries;
    const char* ledger;
    const char* told;     // of host b
    const char* settled;  // and if it were settled
  } cases[] = {
      {"a key that has not been read yet keeps its VIP for the others",
       {"n/1 hosts=b.global,c.global written=245.0.0.1"},
       "k=245.0.0.1",
       "b c: k by n/1",
       "b c: b by n/1"},
      {"who is written together stays together",
       {"n/1 created=2024-01-01 hosts=a.global,b.global",
        "n/2 created=2024-01-02 hosts=b.global,c.global written=245.0.0.3"},
       "a=245.0.0.1 c=245.0.0.3",
       "a: a; b c: c by n/2; not n/1",
       "a b: a by n/1; c: c; not n/2 (keeps)"},
      {"of several lists the oldest entry's that leads to its key",
       {"n/1 hosts=b.global,x.global written=245.0.0.1", "n/2 hosts=b.global,c.global written=245.0.0.3",
        "n/3 hosts=a.global"},
       "a=245.0.0.1 c=245.0.0.3",
       "b c x: c by n/1 n/2",
       "b c x: c by n/1 n/2"},
      {"a refused entry that was written remembers for its hosts",
       {"n/1 hosts=a.global,b.global,x.global written=245.0.0.1"},
       "a=245.0.0.1 x=245.0.0.2",
       "a b: a; x: x; not n/1 (keeps)",
       "a: a; b: b; x: x; not n/1 (keeps)"},
      {"a list that is nobody's VIP tells nothing",
       {"n/1 hosts=b.global,c.global written=245.0.0.9"},
       "c=245.0.0.3",
       "b c: c by n/1",
       "b c: c by n/1"},
  };
  for (const auto& c : cases) SUBCASE(c.title) {
      const World world(c.entries, c.ledger);
      CHECK(world.told("b", false) == c.told);
      CHECK(world.told("b", true) == c.settled);
    }
}
