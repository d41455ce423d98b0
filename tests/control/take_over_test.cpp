// The ledger is read while sources have yet to tell what they hold: at a start, and when the right to write comes.

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "running_reconciler.hpp"
#include "shared_ledger.hpp"

using namespace meridian;
using namespace meridian::control::test;

namespace {

std::string host(const std::string& name) {
  return entry(name, "hosts: [" + name + ".bar.global], resolution: STATIC, endpoints: [{address: 192.0.2.1}]");
}

// A reconciler on a ledger that has VIPs of a and of somebody who is gone.
struct Running {
  explicit Running(const Scratch& scratch) : Running(scratch.config()) {}
  explicit Running(const config::Config& config)
      : it(config, [this](boost::asio::io_context& loop) {
          store.put("245.0.0.9", "a.bar.global");
          store.put("245.0.0.8", "gone.bar.global");
          auto made = std::make_unique<SharedLedger>(loop, store, "here");
          ledger = made.get();
          return made;
        }) {}
  void turn() {
    it.loop().restart();
    it.loop().run_for(std::chrono::milliseconds(50));
  }

  SharedStore store;
  SharedLedger* ledger = nullptr;
  RunningReconciler it;
};

}  // namespace

TEST_CASE("VIPs of hosts whose source has told nothing yet are kept") {
  const Scratch scratch;
  auto config = scratch.config();
  config.sources.push_back({"late", scratch.path() / "late", {}});
  scratch.write("b.yaml", host("b"));
  Running at(config);

  SUBCASE("when the right to write comes") {
    REQUIRE(at.it.until([&] { return at.it.reconciler().pending().contains("b.bar.global"); }));
    REQUIRE(at.it.reconciler().vips().loaded());
    at.store.give_to(at.ledger);
  }
  SUBCASE("when the ledger can be read at last") {
    at.ledger->broken = "no disk";
    at.store.writer = at.ledger;
    REQUIRE(at.it.until([&] { return at.it.reconciler().pending().contains("b.bar.global"); }));
    REQUIRE_FALSE(at.it.reconciler().vips().loaded());
    at.ledger->broken.clear();
  }
  REQUIRE(at.it.until([&] { return at.store.vip_of("b.bar.global") != "none"; }));
  at.turn();
  CHECK(at.store.vip_of("a.bar.global") == "245.0.0.9");
  CHECK(at.store.vip_of("gone.bar.global") == "245.0.0.8");

  std::filesystem::create_directory(scratch.path() / "made");
  std::ofstream(scratch.path() / "made/a.yaml") << host("a");
  std::filesystem::rename(scratch.path() / "made", scratch.path() / "late");
  at.it.reconciler().rescan();
  REQUIRE(at.it.answers("a.bar.global", "NOERROR 245.0.0.9"));
  CHECK_FALSE(at.store.ever_freed("a.bar.global"));
}

TEST_CASE("what nobody wants any more is released some time after a take-over, and not before") {
  const Scratch scratch;
  scratch.write("a.yaml", host("a"));
  Running at(scratch);
  REQUIRE(at.it.answers("a.bar.global", "NOERROR 245.0.0.9"));
  std::string lost;
  at.it.on_publish = [&] {
    if (at.it.ask("a.bar.global") != "NOERROR 245.0.0.9") lost += at.it.ask("a.bar.global") + " ";
  };
  at.store.give_to(at.ledger);
  scratch.write("b.yaml", host("b"));
  REQUIRE(at.it.until([&] { return at.store.vip_of("b.bar.global") != "none"; }));
  CHECK_FALSE(at.store.ever_freed("gone.bar.global"));
  REQUIRE(at.it.until([&] { return at.store.vip_of("gone.bar.global") == "none"; }));
  CHECK_FALSE(at.store.ever_freed("a.bar.global"));
  CHECK(lost == "");
}

TEST_CASE("what went while another process wrote the ledger is released by the next who does") {
  const Scratch scratch;
  scratch.write("a.yaml", host("a"));
  scratch.write("b.yaml", host("b"));
  Running at(scratch);
  REQUIRE(at.it.answers("a.bar.global", "NOERROR 245.0.0.9"));
  scratch.remove("a.yaml");
  REQUIRE(at.it.answers("a.bar.global", "NXDOMAIN"));
  CHECK(at.store.vip_of("a.bar.global") == "245.0.0.9");
  at.store.give_to(at.ledger);
  REQUIRE(at.it.until([&] { return at.store.vip_of("a.bar.global") == "none"; }));
  CHECK(at.store.vip_of("b.bar.global") != "none");
}

TEST_CASE("a host that goes in front of the writer's eyes is released at once, whoever else is silent") {
  const Scratch scratch;
  auto config = scratch.config();
  config.sources.push_back({"late", scratch.path() / "late", {}});
  scratch.write("b.yaml", host("b"));
  Running at(config);
  at.store.give_to(at.ledger);
  REQUIRE(at.it.until([&] { return at.store.vip_of("b.bar.global") != "none"; }));
  scratch.remove("b.yaml");
  REQUIRE(at.it.until([&] { return at.store.vip_of("b.bar.global") == "none"; }));
  CHECK(at.store.vip_of("a.bar.global") == "245.0.0.9");
}

TEST_CASE("a reload in the middle of a take-over keeps every answer") {
  const Scratch scratch;
  scratch.write("a.yaml", host("a"));
  Running at(scratch);
  REQUIRE(at.it.answers("a.bar.global", "NOERROR 245.0.0.9"));
  std::string lost;
  at.it.on_publish = [&] {
    if (at.it.ask("a.bar.global") != "NOERROR 245.0.0.9") lost += at.it.ask("a.bar.global") + " ";
  };
  auto next = scratch.config();
  next.vip.pools = {{boost::asio::ip::make_address("10.77.0.0"), 16}};
  at.ledger->holds_loads = true;
  at.store.give_to(at.ledger);
  REQUIRE(at.it.until([&] { return at.ledger->waiting == 1; }));
  at.it.reconciler().reload(next);
  scratch.write("b.yaml", host("b"));
  at.turn();
  CHECK(at.it.ask("a.bar.global") == "NOERROR 245.0.0.9");
  at.ledger->let_go();
  REQUIRE(at.it.until([&] { return at.it.ask("b.bar.global").starts_with("NOERROR 10.77."); }));
  CHECK(at.it.ask("a.bar.global") == "NOERROR 245.0.0.9");
  CHECK(lost == "");
}
