// A Lease on the scripted API server, and what its holders hear of each other.
#include "kube/lease.hpp"

#include <doctest/doctest.h>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <memory>

#include "asking.hpp"
#include "cluster.hpp"
#include "log_capture.hpp"

namespace meridian::kube {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;
using namespace test;  // NOLINT: the words of asking.hpp
using std::chrono::seconds;

constexpr config::Kubernetes::Lease kTimes{seconds(3), seconds(2), seconds(1)};

// Each test has a Lease of its own name.
struct Candidates {
  Candidates() { server.command("clear_faults"); }
  ~Candidates() {
    one.reset();
    two.reset();
    api.stop();
    run_until(loop, [this] { return loop.poll() == 0; });
  }
  std::unique_ptr<Lease> candidate(const char* identity) {
    auto lease = std::make_unique<Lease>(loop, api, LeaseName{"default", name}, identity, kTimes, [this] { ++told; });
    lease->start();
    return lease;
  }
  bool until(const std::function<bool()>& condition) { return run_until(loop, condition); }
  json::object spec() { return server.command("object", {{"kind", "leases"}, {"name", name}}).at("spec").as_object(); }
  void edit(const json::object& change) {
    server.command("patch", {{"kind", "leases"}, {"name", name}, {"patch", {{"spec", change}}}});
  }

  inline static int made = 0;
  const std::string name = "lease-" + std::to_string(++made);
  ApiServer& server = fresh_cluster();
  asio::io_context loop;
  Api api{loop, server.settings()};
  int told = 0;
  std::unique_ptr<Lease> one = candidate("one"), two;
};

TEST_CASE("a Lease that nobody has is made, held, renewed and let go as client-go does it") {
  Candidates e;
  CHECK_FALSE(e.one->held());
  REQUIRE(e.until([&] { return e.one->held() && e.told == 1; }));
  const auto first = e.spec();
  CHECK(first.at("holderIdentity") == "one");
  CHECK(first.at("leaseDurationSeconds") == 3);
  CHECK(first.at("leaseTransitions") == 0);
  CHECK(first.at("renewTime").as_string().size() == std::string("2025-01-02T03:04:05.000006Z").size());
  CHECK(e.until([&] { return e.spec().at("renewTime") != first.at("renewTime"); }));
  CHECK(e.spec().at("acquireTime") == first.at("acquireTime"));
  run(e.loop, e.one->release());
  CHECK_FALSE(e.one->held());
  CHECK(e.spec().at("holderIdentity") == "");
  CHECK(e.spec().at("leaseDurationSeconds") == 1);
  e.two = e.candidate("two");
  CHECK(e.until([&] { return e.two->held(); }));
  CHECK(e.spec().at("leaseTransitions") == 1);
}

TEST_CASE("a Lease that another holds is watched, and taken when its holder is heard of no more") {
  Candidates e;
  REQUIRE(e.until([&] { return e.one->held(); }));
  e.two = e.candidate("two");
  CHECK(e.until([&] { return e.two->holder() == "one"; }));
  CHECK_FALSE(e.two->held());
  const auto stopped = std::chrono::steady_clock::now();
  e.one->stop();
  CHECK(e.until([&] { return e.two->held(); }));
  CHECK_MESSAGE(!e.one->held(), "it has stopped before anybody took over");
  CHECK(std::chrono::steady_clock::now() - stopped > seconds(1));
}

TEST_CASE("a Lease is not held any more when it can't be renewed, nor when another is seen in it") {
  Candidates e;
  REQUIRE(e.until([&] { return e.one->held() && e.told == 1; }));
  SUBCASE("cut off") {
    e.server.command("fault", {{"path", e.name}, {"drop", "reset"}, {"times", nullptr}});
    CHECK(e.until([&] { return !e.one->held() && e.told == 2; }));
    CHECK_FALSE(e.one->trouble().empty());
    e.server.command("clear_faults");
    CHECK(e.until([&] { return e.one->held() && e.one->trouble().empty(); }));
  }
  SUBCASE("edited by hand") {
    const LogCapture log;
    e.edit({{"holderIdentity", "some\none"}});
    CHECK(e.until([&] { return !e.one->held() && e.one->holder() == "some\none"; }));
    CHECK(e.until([&] { return log.count("held by some\\x0aone") == 1; }));
    CHECK(e.until([&] { return e.one->held(); }));
  }
  SUBCASE("and deleted by hand it is made again") {
    e.server.command("remove", {{"kind", "leases"}, {"name", e.name}});
    CHECK(e.until([&] { return e.server.command("object", {{"kind", "leases"}, {"name", e.name}}).is_object(); }));
    CHECK(e.until([&] { return e.one->held() && e.spec().at("holderIdentity") == "one"; }));
  }
}

TEST_CASE("a Lease that we may not have says which rule is missing") {
  Candidates e;
  e.one.reset();
  e.server.command("fault", {{"path", "/leases"}, {"status", 403}, {"times", nullptr}});
  e.one = e.candidate("one");
  CHECK(e.until([&] { return !e.one->trouble().empty(); }));
  CHECK(contains(e.one->trouble(), "resources [leases], verbs [get, create, update]"));
  e.server.command("clear_faults");
  CHECK(e.until([&] { return e.one->held(); }));
}

}  // namespace
}  // namespace meridian::kube
