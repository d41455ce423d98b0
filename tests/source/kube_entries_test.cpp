#include "source/kube_entries.hpp"

#include <doctest/doctest.h>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <string>

using namespace meridian;
using namespace meridian::source;
namespace json = boost::json;

namespace {

json::object entry(const std::string& name, const std::string& version, const std::string& address) {
  return {
      {"apiVersion", "networking.istio.io/v1"},
      {"kind", "ServiceEntry"},
      {"metadata", {{"name", name}, {"namespace", "bar"}, {"resourceVersion", version}}},
      {"spec",
       {{"hosts", json::array{name + ".bar.global"}}, {"addresses", json::array{address}}, {"resolution", "STATIC"}}}};
}

json::object invalid(const std::string& name, const std::string& version) {
  auto object = entry(name, version, "240.0.0.1");
  object["spec"].as_object()["hosts"] = "no list";
  return object;
}

struct Fixture {
  ProblemBook book{"east"};
  KubeEntries entries{"kubernetes east", book, {}};

  // "+a 240.0.0.1 -b": what is different now.
  std::string changes() {
    std::string text;
    const auto news = entries.take_changes();
    for (const auto& each : news.put) text += "+" + each->key.name + " " + each->addresses.at(0).to_string() + " ";
    for (const auto& key : news.removed) text += "-" + key.name + " ";
    return text;
  }
  std::string problems() const {
    std::string text;
    for (const auto& each : book.newest()) text += each.origin + ": " + each.text + "\n";
    return text;
  }
  void list(std::initializer_list<json::object> objects) {
    entries.list_begins();
    for (const auto& each : objects) entries.listed(each);
    entries.list_ends();
  }
};

TEST_CASE_FIXTURE(Fixture, "a list is told when it is complete, and a later one as what is different") {
  entries.list_begins();
  entries.listed(entry("a", "1", "240.0.0.1"));
  CHECK(changes() == "");
  entries.list_begins();  // the first one broke off
  entries.listed(entry("b", "2", "240.0.0.2"));
  entries.listed(entry("c", "3", "240.0.0.3"));
  CHECK(changes() == "");
  entries.list_ends();
  CHECK(changes() == "+b 240.0.0.2 +c 240.0.0.3 ");

  list({entry("b", "2", "240.0.0.9"), entry("c", "4", "240.0.0.4"), entry("d", "5", "240.0.0.5")});
  CHECK(changes() == "+c 240.0.0.4 +d 240.0.0.5 ");  // b has its version still
  list({entry("d", "5", "240.0.0.5")});
  CHECK(changes() == "-b -c ");
}

TEST_CASE_FIXTURE(Fixture, "events are told by what they come to") {
  list({entry("a", "1", "240.0.0.1")});
  CHECK(changes() == "+a 240.0.0.1 ");
  entries.changed(entry("a", "1", "240.0.0.9"));  // told before
  CHECK(changes() == "");
  entries.changed(entry("a", "2", "240.0.0.2"));
  entries.changed(entry("a", "3", "240.0.0.3"));
  entries.changed(entry("b", "4", "240.0.0.4"));
  entries.deleted(entry("b", "5", "240.0.0.4"));
  CHECK(changes() == "+a 240.0.0.3 ");
  entries.deleted(entry("a", "6", "240.0.0.3"));
  entries.changed(entry("a", "7", "240.0.0.7"));
  CHECK(changes() == "+a 240.0.0.7 ");
  entries.deleted(entry("a", "8", "240.0.0.7"));
  entries.deleted(entry("nobody", "8", "240.0.0.7"));
  CHECK(changes() == "-a ");
}

TEST_CASE_FIXTURE(Fixture, "an entry says where it is from") {
  list({entry("a", "1", "240.0.0.1")});
  const auto put = entries.take_changes().put;
  REQUIRE(put.size() == 1);
  CHECK(put[0]->origin == "kubernetes east");
  CHECK(put[0]->resource_version == "1");
}

TEST_CASE_FIXTURE(Fixture, "an entry that became invalid stays as it was, until it is mended or gone") {
  list({entry("a", "1", "240.0.0.1"), invalid("b", "2")});
  CHECK(changes() == "+a 240.0.0.1 ");
  CHECK(problems().starts_with("bar/b: is not served: "));
  CHECK(entries.take_problems_changed());

  entries.changed(invalid("a", "3"));
  CHECK(changes() == "");
  CHECK(problems().find("bar/a: stays as it was: ") != std::string::npos);
  list({invalid("a", "3"), invalid("b", "2")});
  CHECK(changes() == "");

  entries.changed(entry("a", "4", "240.0.0.4"));
  entries.deleted(invalid("b", "5"));
  CHECK(changes() == "+a 240.0.0.4 ");
  CHECK(problems() == "");
}

TEST_CASE_FIXTURE(Fixture, "an entry that is invalid at the start is what it was in the last run") {
  const auto before = mesh::decode(entry("a", "1", "240.0.0.1")).entry;
  KubeEntries restarted("kubernetes east", book, {std::make_shared<const mesh::ServiceEntry>(*before)});
  restarted.list_begins();
  restarted.listed(invalid("a", "2"));
  restarted.list_ends();
  const auto put = restarted.take_changes().put;
  REQUIRE(put.size() == 1);
  CHECK(*put[0] == *before);
  CHECK(problems().starts_with("bar/a: stays as it was: "));
}

TEST_CASE_FIXTURE(Fixture, "an object that was passed over is there all the same") {
  list({entry("a", "1", "240.0.0.1")});
  CHECK(changes() == "+a 240.0.0.1 ");
  const json::object big = {{"metadata", {{"name", "a"}, {"namespace", "bar"}, {"resourceVersion", "2"}}}};
  SUBCASE("in a list") {
    entries.list_begins();
    entries.skipped(big, "is too long");
    entries.list_ends();
  }
  SUBCASE("in a watch") {
    entries.skipped(big, "is too long");
  }
  CHECK(changes() == "");
  CHECK(problems() == "bar/a: stays as it was: it is too long\n");
  entries.deleted(big);
  CHECK(changes() == "-a ");
  CHECK(problems() == "");
}

TEST_CASE_FIXTURE(Fixture, "what has no name is a problem until the next list") {
  list({});
  entries.skipped({}, "is no JSON");
  CHECK(problems() == "kubernetes east: an object is no JSON\n");
  CHECK(entries.take_problems_changed());
  list({});
  CHECK(problems() == "");
}

TEST_CASE_FIXTURE(Fixture, "what looks wrong is told, and served") {
  auto odd = entry("a", "1", "240.0.0.1");
  odd["spec"].as_object()["addresses"].as_array().emplace_back("0.0.0.0");
  list({odd});
  CHECK(changes() == "+a 240.0.0.1 ");
  CHECK(problems().starts_with("bar/a: spec.addresses"));
}

}  // namespace
