#include "source/survey.hpp"

#include <doctest/doctest.h>

#include "source/file_source_fixture.hpp"

namespace meridian::source {
namespace {

TEST_CASE("a survey names the files, and every directory whose change matters") {
  TemporaryDirectory root;
  const auto base = fs::canonical(root.path());
  fs::create_directories(base / "entries/..1");
  fs::create_directory(base / "elsewhere");
  write(base / "entries/a.yaml", "");
  write(base / "entries/a.yaml~", "");
  write(base / "entries/..1/b.yaml", "");
  fs::create_symlink("..1", base / "entries/..data");
  fs::create_symlink("..data/b.yaml", base / "entries/b.yaml");
  fs::create_symlink("../elsewhere/c", base / "entries/c.yaml");  // leads nowhere yet
  fs::create_symlink("entries", base / "link");

  const auto found = survey(base / "link");
  CHECK((found.kind == Survey::Kind::Directory));
  CHECK((found.names == std::set<std::string>{"a.yaml", "b.yaml", "c.yaml"}));
  const auto& plan = found.plan;
  CHECK(plan.at(base).ways.contains("link"));
  CHECK(plan.at(base).ways.contains("entries"));
  CHECK_FALSE(plan.at(base).listed);
  CHECK(plan.at(base / "entries").listed);
  CHECK((plan.at(base / "entries").ways == std::set<std::string>{"..1", "..data", "b.yaml", "c.yaml"}));
  CHECK(plan.at(base / "entries/..1").targets.at("b.yaml").contains("b.yaml"));
  CHECK(plan.at(base / "elsewhere").targets.at("c").contains("c.yaml"));
  CHECK(plan.contains("/"));
  CHECK(survey(base / "link") == found);
}

TEST_CASE("what can't be surveyed is told with what to do") {
  TemporaryDirectory root;
  fs::create_symlink("loop", root / "loop");
  struct {
    const char* title;
    const char* name;
    const char* words;
  } cases[] = {
      {"nothing there", "nothing", "does not exist: create it"},
      {"nothing on the way", "nothing/at/all", "does not exist: create it"},
      {"a link to itself", "loop", "leads back to itself"},
      {"below a link to itself", "loop/entries", "leads back to itself"},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      const auto found = survey(root / c.name);
      CHECK((found.kind == Survey::Kind::Missing));
      CHECK(found.trouble.find(c.words) != std::string::npos);
      CHECK(found.plan.contains(fs::canonical(root.path())));
    }
  }
}

}  // namespace
}  // namespace meridian::source
