#include "cli/check.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace fs = std::filesystem;

namespace {

// A directory that goes away with the test, and the working directory while it lives: so messages have short names.
class Directory {
 public:
  Directory() : path_((fs::temp_directory_path() / "check_test.XXXXXX").string()), before_(fs::current_path()) {
    REQUIRE(::mkdtemp(path_.data()));
    fs::current_path(path_);
  }
  ~Directory() {
    fs::current_path(before_);
    fs::remove_all(path_);
  }

 private:
  std::string path_;
  fs::path before_;
};

}  // namespace

TEST_CASE("meridian check says what is wrong in a file, and where") {
  const Directory directory;
  const std::string no_effect = "forward.tls-ca has no effect: no upstream begins with tls://\n";
  struct {
    const char* title;
    const char* yaml;  // null: there is no file
    int status;
    std::string out, err;
  } cases[] = {
      {"nothing is wrong", "workers: 2\n", 0, "a.yaml: ok\n", ""},
      {"the file is empty", "", 0, "a.yaml: ok\n", ""},
      {"something has no effect", "forward:\n  tls-ca: ca.pem\n", 0,
       "a.yaml:2:11: warning: " + no_effect + "a.yaml: ok\n", ""},
      {"something is wrong", "workers: x\n", 1, "",
       "a.yaml:1:10: workers: found \"x\"; expected a whole number from 0 to 1024\n"},
      {"several things are wrong", "lisen: []\ncompat: x\n", 1, "",
       "a.yaml:1:1: unknown key \"lisen\"; did you mean \"listen\"?\n"
       "a.yaml:2:9: compat: found \"x\"; expected none or istiocoredns\n"},
      {"a warning stands beside an error", "compat: x\nforward: {tls-ca: ca.pem}\n", 1, "",
       "a.yaml:1:9: compat: found \"x\"; expected none or istiocoredns\na.yaml:2:19: warning: " + no_effect},
      {"there is no file", nullptr, 1, "", "a.yaml: can't be read: No such file or directory\n"},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      if (c.yaml) std::ofstream("a.yaml") << c.yaml;
      std::ostringstream out, err;
      CHECK(meridian::cli::check("a.yaml", out, err) == c.status);
      CHECK(out.str() == c.out);
      CHECK(err.str() == c.err);
    }
  }
}
