#include "control/admin_token.hpp"

#include <doctest/doctest.h>

#include <fstream>

#include "running_reconciler.hpp"

using meridian::control::refuse_action;

TEST_CASE("who may act through the admin address") {
  const meridian::control::test::Scratch scratch;
  const auto file = scratch.path() / "token";
  const auto empty = scratch.path() / "empty";
  std::ofstream(file) << "secret\n";
  std::ofstream(empty) << "\n";
  struct {
    const char* title;
    std::filesystem::path file;
    const char* authorization;
    bool allowed;
  } cases[] = {
      {"the token, without the newline of its file", file, "Bearer secret", true},
      {"another one", file, "Bearer secreT", false},
      {"its beginning", file, "Bearer sec", false},
      {"the token twice", file, "Bearer secretsecret", false},
      {"no token", file, "Bearer ", false},
      {"no header", file, "", false},
      {"another scheme", file, "Basic secret", false},
      {"no file is configured", "", "Bearer ", false},
      {"the file is not there", scratch.path() / "missing", "Bearer ", false},
      {"the file is empty", empty, "Bearer ", false},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      CHECK(refuse_action(c.file, c.authorization).has_value() == !c.allowed);
    }
  }
  SUBCASE("a token that changes while running") {
    std::ofstream(file) << "other";
    CHECK_FALSE(refuse_action(file, "Bearer other"));
    CHECK(refuse_action(file, "Bearer secret"));
  }
}
