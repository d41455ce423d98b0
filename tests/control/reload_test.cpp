#include "control/reload.hpp"

#include <doctest/doctest.h>

#include <fstream>

#include "running_reconciler.hpp"

using namespace meridian;
using namespace meridian::control::test;

namespace {

constexpr const char* kConfig = "zones: [{name: mesh}]\nstate: /var/lib/meridian\n";

// A Reload, and what it applies. The loop turns until something happens, or two looks have passed.
struct Reloaded {
  explicit Reloaded(const std::string& text) : file(scratch.path() / "meridian.yaml") {
    write(text);
    reload.emplace(loop, file, config::load(file).config, [this](const config::Config&) { ++applied; });
    reload->start();
  }
  void write(const std::string& text) const { std::ofstream(file) << text; }
  void look_on() { loop.run_for(std::chrono::milliseconds(2500)); }

  Scratch scratch;
  std::filesystem::path file;
  boost::asio::io_context loop;
  std::optional<control::Reload> reload;
  int applied = 0;
};

}  // namespace

TEST_CASE("the configuration in force changes with a good file only") {
  Reloaded it(kConfig);
  SUBCASE("a file that is gone is not the configuration with every default") {
    std::filesystem::remove(it.file);
    it.look_on();
    CHECK(it.applied == 0);
    CHECK(it.reload->failures() == 0);
    it.reload->now();  // somebody wants to know
    CHECK(it.reload->failures() == 1);
    CHECK(it.reload->trouble().find("can't be read") != std::string::npos);
    CHECK(it.reload->current().zones.front().name == "mesh");
  }
  SUBCASE("a file with an error") {
    it.write("zones: 7\n");
    it.reload->now();
    CHECK(it.applied == 0);
    CHECK(it.reload->failures() == 1);
    CHECK(it.reload->current().zones.front().name == "mesh");
  }
  SUBCASE("another one") {
    it.write("zones: [{name: global}]\nstate: /var/lib/meridian\n");
    it.reload->now();
    CHECK(it.applied == 1);
    CHECK(it.reload->current().zones.front().name == "global");
  }
}
