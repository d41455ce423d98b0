#include "mesh/entries.hpp"

#include <doctest/doctest.h>

#include <meridian/mesh/merge.hpp>

using namespace meridian::mesh;
using meridian::mesh::testing::entry;
using meridian::mesh::testing::joined;
using meridian::mesh::testing::summary;

namespace {

Model model_of(std::initializer_list<const char*> lines, Rules rules = {.zones = {"global"}}) {
  Model model(std::move(rules));
  for (const char* line : lines) model.put(0, entry(line));
  return model;
}

std::string literals(Model& model) {
  const LiteralChanges changes = model.take_literals();
  return "+" + joined(changes.added) + " -" + joined(changes.removed);
}

}  // namespace

TEST_CASE("an entry comes, changes and goes") {
  Model model = model_of({"b/a hosts=y.global,x.global addresses=240.0.0.2"});
  CHECK(joined(model.take_touched()) == "x.global y.global");
  CHECK(joined(model.host_names()) == "x.global y.global");
  CHECK(summary(model.host("x.global")) == "literal 240.0.0.2 by b/a");
  CHECK(summary(model.host("z.global")) == "nothing");
  CHECK(model.entries() == 1);

  model.put(0, entry("b/a hosts=x.global,z.global addresses=240.0.0.2"));
  CHECK(joined(model.take_touched()) == "x.global y.global z.global");
  CHECK(summary(model.host("y.global")) == "nothing");
  CHECK(summary(model.host("z.global")) == "literal 240.0.0.2 by b/a");

  model.remove(0, {"b", "a"});
  CHECK(joined(model.take_touched()) == "x.global z.global");
  CHECK(joined(model.take_touched()) == "");
  CHECK(summary(model.host("x.global")) == "nothing");
  CHECK(model.entries() == 0);
  CHECK(model.host_names().empty());
}

TEST_CASE("what changes nothing touches nothing") {
  Model model = model_of({"b/a hosts=x.global addresses=240.0.0.2"});
  model.take_touched();
  model.put(0, entry("b/a hosts=x.global addresses=240.0.0.2"));
  model.remove(0, {"b", "other"});
  model.remove(1, {"b", "a"});
  CHECK(joined(model.take_touched()) == "");
}

TEST_CASE("deleting one of two entries of a host leaves the other's answer") {
  Model model = model_of({"b/a hosts=x.global addresses=240.0.0.1", "b/b hosts=x.global addresses=240.0.0.2"});
  CHECK(summary(model.host("x.global")) == "literal 240.0.0.1 240.0.0.2 by b/a b/b");
  model.remove(0, {"b", "a"});
  CHECK(summary(model.host("x.global")) == "literal 240.0.0.2 by b/b");
}

TEST_CASE("a conflict is counted while it lasts, and the loser takes over") {
  Model model =
      model_of({"a/a created=2024-01-02 hosts=x.global addresses=240.0.0.1",
                "b/b created=2024-01-01 hosts=x.global addresses=240.0.0.2", "a/c created=2024-01-03 hosts=y.global",
                "a/d created=2024-01-03 hosts=y.global", "a/e hosts=x.example", "b/e hosts=x.example"});
  CHECK(model.conflicts() == 1);
  CHECK(summary(model.host("x.global")) == "literal 240.0.0.2 by b/b not a/a");
  model.remove(0, {"b", "b"});
  CHECK(model.conflicts() == 0);
  CHECK(summary(model.host("x.global")) == "literal 240.0.0.1 by a/a");
}

TEST_CASE("a key in several sources is supplied by the first of them") {
  Model model(Rules{.zones = {"global"}});
  model.put(2, entry("b/a hosts=x.global addresses=240.0.0.3"));
  CHECK(summary(model.host("x.global")) == "literal 240.0.0.3 by b/a");
  model.put(0, entry("b/a hosts=y.global addresses=240.0.0.1"));
  model.take_touched();
  model.put(1, entry("b/a hosts=z.global addresses=240.0.0.2"));
  CHECK(joined(model.take_touched()) == "");  // not in force
  CHECK(joined(model.host_names()) == "y.global");
  CHECK(model.entries() == 1);
  CHECK(model.entry({"b", "a"})->addresses.front().to_string() == "240.0.0.1");

  model.remove(0, {"b", "a"});
  CHECK(joined(model.take_touched()) == "y.global z.global");
  CHECK(joined(model.host_names()) == "z.global");
  model.remove(2, {"b", "a"});
  CHECK(joined(model.take_touched()) == "");
  model.remove(1, {"b", "a"});
  CHECK(joined(model.host_names()) == "");
  CHECK(model.entry({"b", "a"}) == nullptr);
}

TEST_CASE("two hosts with one status address: the older entry's keeps it") {
  Model model = model_of({"b/new created=2024-01-02 hosts=x.global status=240.240.0.1@x.global",
                          "a/old created=2024-01-01 hosts=y.global status=240.240.0.1@y.global"});
  CHECK(summary(model.host("y.global")) == "status 240.240.0.1 by a/old");
  CHECK(summary(model.host("x.global")) == "vip by b/new");
  CHECK(joined(model.host("x.global")->warnings) ==
        "status.addresses has 240.240.0.1 for this host, and an older entry has it for y.global, which keeps it");
  model.take_touched();

  SUBCASE("until it goes") {
    model.remove(0, {"a", "old"});
    CHECK(joined(model.take_touched()) == "x.global y.global");
    CHECK(summary(model.host("x.global")) == "status 240.240.0.1 by b/new");
  }
  SUBCASE("until it has another address of its own") {
    model.put(0, entry("a/second created=2024-02-01 hosts=y.global addresses=240.0.0.7"));
    CHECK(joined(model.take_touched()) == "x.global y.global");
    CHECK(summary(model.host("x.global")) == "status 240.240.0.1 by b/new");
    model.remove(0, {"a", "second"});
    CHECK(joined(model.take_touched()) == "x.global y.global");
    CHECK(summary(model.host("x.global")) == "vip by b/new");
  }
  SUBCASE("until it loses its host to another namespace") {
    model.put(0, entry("c/oldest created=2023-01-01 hosts=y.global"));
    CHECK(joined(model.take_touched()) == "x.global y.global");
    CHECK(summary(model.host("y.global")) == "vip by c/oldest not a/old");
    CHECK(summary(model.host("x.global")) == "status 240.240.0.1 by b/new");
  }
  SUBCASE("until it opts out") {
    model.put(0, entry("a/old created=2024-01-01 hosts=y.global status=240.240.0.1@y.global vip=none"));
    CHECK(joined(model.take_touched()) == "x.global y.global");
    CHECK(summary(model.host("x.global")) == "status 240.240.0.1 by b/new");
  }
}

TEST_CASE("one entry with one status address for two hosts: the first by name keeps it") {
  Model model = model_of({"b/a hosts=y.global,x.global status=240.240.0.1@y.global,240.240.0.1@x.global"});
  CHECK(summary(model.host("x.global")) == "status 240.240.0.1 by b/a");
  CHECK(summary(model.host("y.global")) == "vip by b/a");
}

TEST_CASE("one host with one status address in two entries keeps it") {
  Model model =
      model_of({"b/a hosts=x.global status=240.240.0.1@x.global", "b/b hosts=x.global status=240.240.0.1@x.global"});
  CHECK(summary(model.host("x.global")) == "status 240.240.0.1 by b/a b/b");
  CHECK(model.host("x.global")->warnings.empty());
}

TEST_CASE("a host outside the owned zones keeps no status address from one inside") {
  Model model = model_of(
      {"a/old hosts=x.example status=240.240.0.1@x.example", "b/new hosts=x.global status=240.240.0.1@x.global"});
  CHECK(summary(model.host("x.global")) == "status 240.240.0.1 by b/new");
}

TEST_CASE("every address in spec and status is a literal") {
  Model model = model_of({"b/a hosts=x.global addresses=240.0.0.2,2001:db8::2 status=240.240.0.1@x.global"});
  CHECK(literals(model) == "+240.0.0.2 240.240.0.1 2001:db8::2 -");
  SUBCASE("once, if two entries name it") {
    model.put(0, entry("b/b hosts=y.global addresses=240.0.0.2"));
    CHECK(literals(model) == "+ -");
    model.remove(0, {"b", "a"});
    CHECK(literals(model) == "+ -240.240.0.1 2001:db8::2");
  }
  SUBCASE("even if the rules pass over the entry: Envoy does not") {
    model.set_rules({.zones = {"global"}, .export_to = ExportTo::PublicOnly});
    model.put(0, entry("b/b hosts=y.global addresses=240.0.0.3 export=."));
    CHECK(summary(model.host("y.global")) == "nothing");
    CHECK(literals(model) == "+240.0.0.3 -");
  }
  SUBCASE("even in a status that is not usable") {
    model.put(0, entry("b/b hosts=y.global resolution=NONE status=240.240.0.2@gone.global"));
    CHECK(literals(model) == "+240.240.0.2 -");
  }
  SUBCASE("not while another source supplies the entry") {
    model.put(1, entry("b/a hosts=x.global addresses=240.0.0.9"));
    CHECK(literals(model) == "+ -");
    model.remove(0, {"b", "a"});
    CHECK(literals(model) == "+240.0.0.9 -240.0.0.2 240.240.0.1 2001:db8::2");
  }
}

TEST_CASE("new rules touch every host") {
  Model model = model_of({"b/a hosts=x.global resolution=NONE addresses=240.0.0.2", "b/b hosts=x.example,y.global"});
  model.take_touched();
  literals(model);
  model.set_rules({.zones = {"example"}, .compat = Compat::IstioCoreDns});
  CHECK(joined(model.take_touched()) == "x.example x.global y.global");
  CHECK(joined(model.host_names()) == "x.example y.global");
  CHECK(summary(model.host("x.global")) == "nothing");
  CHECK(summary(model.host("x.example")) == "vip by b/b");
  CHECK(summary(model.host("y.global")) == "unserved by b/b");
  CHECK(model.entry({"b", "a"}) != nullptr);
  CHECK(model.entries() == 2);
  CHECK(literals(model) == "+ -");
}
