#include "source/entry_table.hpp"

#include <doctest/doctest.h>

namespace meridian::source {
namespace {

EntriesFile::Entry entry(const std::string& name, const std::string& host, const std::string& origin = "/e") {
  mesh::ServiceEntry made;
  made.key = {"default", name};
  made.hosts = {host};
  made.origin = origin;
  return {std::make_shared<const mesh::ServiceEntry>(made), 7};
}

// "+a:host -b"
std::string changes(EntryTable& table) {
  const auto taken = table.take_changes();
  std::string text;
  for (const auto& each : taken.put) text += "+" + each->key.name + ":" + each->hosts.front() + " ";
  for (const auto& key : taken.removed) text += "-" + key.name + " ";
  return text;
}

TEST_CASE("a table of entries tells what is different, by value") {
  EntryTable table;
  table.replace("b.yaml", {entry("x", "one"), entry("y", "one")});
  CHECK(changes(table) == "+x:one +y:one ");
  CHECK(changes(table) == "");

  SUBCASE("the same again") {
    table.replace("b.yaml", {entry("x", "one"), entry("y", "one")});
    CHECK(changes(table) == "");
  }
  SUBCASE("another order") {
    table.replace("b.yaml", {entry("y", "one"), entry("x", "one")});
    CHECK(changes(table) == "");
  }
  SUBCASE("one changed, one gone, one new") {
    table.replace("b.yaml", {entry("x", "two"), entry("z", "one")});
    CHECK(changes(table) == "+x:two +z:one -y ");
  }
  SUBCASE("gone and back before anybody asked") {
    table.replace("b.yaml", {});
    table.replace("b.yaml", {entry("x", "one"), entry("y", "one")});
    CHECK(changes(table) == "");
  }
  SUBCASE("come and gone before anybody asked") {
    table.replace("c.yaml", {entry("z", "one")});
    table.replace("c.yaml", {});
    CHECK(changes(table) == "");
  }
  SUBCASE("moved to another file") {
    table.replace("c.yaml", {entry("x", "one"), entry("y", "one")});
    table.replace("b.yaml", {});
    CHECK(changes(table) == "");
  }
  SUBCASE("all of it") {
    table.replace("a.yaml", {entry("w", "one")});
    CHECK(table.take_all().size() == 3);
    CHECK(changes(table) == "");
  }
}

TEST_CASE("of several files with one key the first by name has it, and the others are reported") {
  EntryTable table;
  table.replace("b.yaml", {entry("x", "of b", "/e/b.yaml")});
  table.replace("c.yaml", {entry("x", "of c", "/e/c.yaml")});
  CHECK(changes(table) == "+x:of b ");
  REQUIRE(table.duplicates().size() == 1);
  CHECK(table.duplicates()[0].origin == "/e/c.yaml:7");
  CHECK(table.duplicates()[0].text == "default/x is in /e/b.yaml too, which sorts first and is served: remove one");
  table.replace("a.yaml", {entry("x", "of a", "/e/a.yaml")});
  CHECK(changes(table) == "+x:of a ");
  CHECK(table.duplicates().size() == 2);
  table.replace("a.yaml", {});
  table.replace("b.yaml", {});
  CHECK(changes(table) == "+x:of c ");
  CHECK(table.duplicates().empty());
}

}  // namespace
}  // namespace meridian::source
