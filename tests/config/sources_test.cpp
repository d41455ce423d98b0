#include <doctest/doctest.h>

#include <string>

#include "config/problems.hpp"

using namespace meridian::config;
using tests::errors;
using namespace std::chrono_literals;

static std::string names(const char* yaml) {
  const auto loaded = parse(yaml, "test.yaml");
  CHECK(tests::lines(loaded.errors) == "");
  std::string out;
  for (const auto& source : loaded.config.sources)
    out += source.name + "=" + (source.kubernetes ? "cluster" : source.files.string()) + " ";
  return out;
}

TEST_CASE("sources without a name are numbered") {
  CHECK(names("") == "files=/etc/meridian/entries ");
  CHECK(names("sources: [{files: a}]\n") == "files=a ");
  CHECK(names("sources: [{files: a}, {files: b}, {files: c/d.yaml}]\n") == "files=a files-2=b files-3=c/d.yaml ");
  CHECK(names("sources: [{files: a, name: east}, {files: b}]\n") == "east=a files=b ");
  CHECK(names("sources: [{files: a}, {files: b, name: files}, {files: c, name: files-2}]\n") ==
        "files-3=a files=b files-2=c ");
  CHECK(names("sources:\n  - kubernetes:\n  - files: a\n  - kubernetes: {}\n  - files: b\n") ==
        "kubernetes=cluster files=a kubernetes-2=cluster files-2=b ");
  CHECK(names("sources: [{kubernetes: {}}, {files: a, name: kubernetes}, {kubernetes: {}, name: east}]\n") ==
        "kubernetes-2=cluster kubernetes=a east=cluster ");
}

TEST_CASE("sources that can't be") {
  const std::string neither =
      "is neither files nor kubernetes; expected files: and the path of a directory or a file, or kubernetes: {}";
  const tests::Row cases[] = {
      {"none at all", "sources: []\n", "1:10: sources: is empty; expected at least one, such as files: PATH"},
      {"a path alone", "sources: [/etc/meridian/entries]\n",
       "1:11: sources[0]: found \"/etc/meridian/entries\"; expected a mapping (key: value)"},
      {"an empty path", "sources: [{files: ''}]\n",
       "1:19: sources[0].files: found the text \"\"; expected the path of a directory or a file"},
      {"a list of paths", "sources: [{files: [a, b]}]\n",
       "1:19: sources[0].files: found a list; expected the path of a directory or a file"},
      {"no kind", "sources:\n  - name: a\n", "2:5: sources[0]: " + neither},
      {"nothing", "sources:\n  -\n", "2:3: sources[0]: " + neither},
      {"no mapping", "sources:\n  - kubernetes\n",
       "2:5: sources[0]: found \"kubernetes\"; expected a mapping (key: value)"},
      {"both", "sources:\n  - files: a\n    kubernetes:\n",
       "2:5: sources[0]: is both files and kubernetes; expected one of them (make it two elements of the list)"},
      {"both of them wrong", "sources:\n  - files: ''\n    kubernetes: {lease: {retry: 0s}}\n",
       "2:5: sources[0]: is both files and kubernetes; expected one of them (make it two elements of the list)\n"
       "2:12: sources[0].files: found the text \"\"; expected the path of a directory or a file\n"
       "3:33: sources[0].kubernetes.lease.retry: found \"0s\"; expected a duration in whole seconds such as 30s, 5m or "
       "1h, from 1s to 24h"},
      {"an unknown kind", "sources:\n  - kubernets: {}\n",
       "2:5: sources[0]: " + neither + "\n2:5: unknown key \"kubernets\" in sources[0]; did you mean \"kubernetes\"?"},
      {"the same name", "sources:\n  - {files: a, name: x}\n  - {files: b, name: x}\n",
       "3:22: sources[1].name: another source is named x too; expected a name of its own"},
      {"a name with a space", "sources: [{files: a, name: my files}]\n",
       "1:28: sources[0].name: found \"my files\"; expected a name of letters, digits, '.', '-' and '_', at most 63"},
      {"a guard without its sign", "mass-delete-guard: 50\n",
       "1:20: mass-delete-guard: found \"50\"; expected a percentage from 0% to 100%"},
      {"a guard of more than all", "mass-delete-guard: 101%\n",
       "1:20: mass-delete-guard: found \"101%\"; expected a percentage from 0% to 100%"},
      {"a stale age below zero", "stale: {max-age: -1s}\n",
       "1:18: stale.max-age: found \"-1s\"; expected a duration in whole seconds such as 30s, 5m or 1h, from 0s to "
       "1200000h"},
      {"an empty state", "state: \"\"\n", "1:8: state: found the text \"\"; expected the path of a directory"},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      CHECK(errors(c.yaml) == c.errors);
    }
  }
}

TEST_CASE("what is kept of the sources") {
  const auto loaded =
      parse("mass-delete-guard: 0%\nstale: {ready: false, max-age: 24h}\nstate: build/state\n", "test.yaml");
  REQUIRE(tests::lines(loaded.errors) == "");
  CHECK(loaded.config.mass_delete_guard == 0);
  CHECK_FALSE(loaded.config.stale.ready);
  CHECK(loaded.config.stale.max_age == 24h);
  CHECK(loaded.config.state == "build/state");
}
