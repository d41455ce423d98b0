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

TEST_CASE("what takes a restart stays as it was, and the rest is applied") {
  const std::string cluster = "zones: [{name: mesh}]\nstate: /s\nsources: [{kubernetes: {namespaces: [a]}}]\n";
  const std::string shared = "vip: {ledger: {kubernetes: {}}, write-back: spec}\n";
  const std::string admiral = "vip: {exclude-admiral: a/b}\n";
  struct {
    const char* title;
    std::string before, after;
    bool keeps_vip, keeps_sources;
  } cases[] = {
      {"SQLite becomes ConfigMaps", cluster, cluster + shared, true, false},
      {"ConfigMaps become SQLite", cluster + shared, cluster, true, false},
      {"the ConfigMaps have another name", cluster + shared,
       cluster + "vip: {ledger: {kubernetes: {name: x}}, write-back: spec}\n", true, false},
      {"writing back ends", cluster + shared, cluster + "vip: {ledger: {kubernetes: {}}}\n", true, false},
      {"Admiral's addresses are avoided", cluster, cluster + admiral, true, false},
      {"the ledger's source is gone", cluster + shared, "state: /s\n", true, true},
      {"the ledger's source has another name", cluster + shared,
       "state: /s\nsources: [{kubernetes: {}, name: x}]\n" + shared, true, true},
      {"the ledger's source is in another cluster", cluster + shared,
       "state: /s\nsources: [{kubernetes: {kubeconfig: x}}]\n" + shared, false, true},
      {"the ledger's Lease is another one", cluster + shared,
       "state: /s\nsources: [{kubernetes: {lease: {duration: 20s}}}]\n" + shared, false, true},
      {"the cluster of Admiral's addresses is gone", cluster + admiral, "state: /s\n", true, true},
      {"another cluster comes before it", cluster + admiral,
       "state: /s\nsources: [{kubernetes: {kubeconfig: x}}, {kubernetes: {}}]\n" + admiral, false, true},
      {"the ledger's source watches more", cluster + shared, "state: /s\nsources: [{kubernetes: {}}]\n" + shared, false,
       false},
      {"a source joins the ledger's", cluster + shared,
       "state: /s\nsources: [{files: x}, {kubernetes: {namespaces: [a]}}]\n" + shared, false, false},
      {"a cluster goes that nothing is in", cluster, "state: /s\n", false, false},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      Reloaded it(c.before + "lameduck: 1s\n");
      const auto before = it.reload->current();
      it.write(c.after + "lameduck: 2s\n");
      const auto after = config::load(it.file);
      REQUIRE(after.errors.empty());
      it.reload->now();
      CHECK(it.applied == 1);
      CHECK(it.reload->current().lameduck == std::chrono::seconds(2));
      CHECK(it.reload->current().vip == before.vip);
      CHECK((after.config.vip != before.vip) == c.keeps_vip);
      CHECK(it.reload->current().sources == (c.keeps_sources ? before.sources : after.config.sources));
    }
  }
}
