#include <doctest/doctest.h>

#include "kube/write_back.hpp"
#include "write_back_fixture.hpp"

namespace meridian::kube {
namespace {

namespace json = boost::json;
using test::addresses;

const std::string kVip = "245.1.2.3";
const std::string kWritten = R"(["245.1.2.3"])";

TEST_CASE("a write that the server refuses is told, and counted, and tried again later") {
  const auto& cluster = test::fresh_cluster();
  test::WriteBackRun run(cluster.settings());
  const auto entry = test::put_entry(cluster, "prod", "reviews");
  const auto& counts = run.back.counts();
  const struct {
    const char* title;
    json::object fault;
    std::uint64_t WriteBack::Counts::*count;
    const char* text;
  } cases[] = {
      {"by a webhook",
       {{"webhook", "policy.example"}, {"message", "no lists"}},
       &WriteBack::Counts::denied,
       "no lists"},
      {"by a webhook, in its own way",
       {{"webhook", "policy.example"}, {"status", 500}},
       &WriteBack::Counts::denied,
       "webhook"},
      {"as invalid",
       {{"status", 422}, {"message", "spec.addresses: too long"}},
       &WriteBack::Counts::invalid,
       "too long"},
      {"as forbidden", {{"status", 403}, {"message", "not you"}}, &WriteBack::Counts::forbidden, "RBAC"},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      auto fault = c.fault;
      fault["method"] = "PATCH";
      fault["times"] = nullptr;
      cluster.command("fault", fault);
      run.back.want(entry, kVip, {});
      run.wait_for([&] { return run.refused.size(); });
      CAPTURE(run.refused[0]);
      CHECK(run.refused[0].find(c.text) != std::string::npos);
      CHECK(counts.*c.count == 1);
      CHECK(counts.refused() == 1);
      CHECK(counts.failures() == 0);
      CHECK(addresses(cluster, entry) == "none");
    }
  }
  SUBCASE("and is written when the server has nothing against it any more") {
    cluster.command("fault", {{"method", "PATCH"}, {"webhook", "policy.example"}});
    run.back.want(entry, kVip, {});
    run.settle();
    CHECK(run.refused.size() == 1);
    CHECK(addresses(cluster, entry) == kWritten);
  }
}

TEST_CASE("a write that the server can't decide is tried until it can") {
  const auto& cluster = test::fresh_cluster();
  test::WriteBackRun run(cluster.settings());
  const auto entry = test::put_entry(cluster, "prod", "reviews");
  const struct {
    const char* title;
    json::object fault;
    std::uint64_t WriteBack::Counts::*count;
  } cases[] = {
      {"because it has too much to do", {{"status", 429}, {"retry_after", 1}}, &WriteBack::Counts::throttled},
      {"because its store is away", {{"status", 500}, {"times", 2}}, &WriteBack::Counts::failed},
      {"because it starts", {{"status", 503}, {"retry_after", 1}}, &WriteBack::Counts::failed},
      {"because another write came between", {{"status", 409}}, &WriteBack::Counts::failed},
      {"because the connection broke", {{"drop", "reset"}, {"times", 2}}, &WriteBack::Counts::unreachable},
      {"and its answer was lost", {{"drop_after", "reset"}}, &WriteBack::Counts::unreachable},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      auto fault = c.fault;
      fault["method"] = "PATCH";
      cluster.command("fault", fault);
      run.back.want(entry, kVip, {});
      run.settle();
      CHECK(addresses(cluster, entry) == kWritten);
      CHECK(run.back.counts().written == 1);
      CHECK(run.back.counts().*c.count >= 1);
      CHECK(run.refused.empty());
    }
  }
  SUBCASE("because it is away") {
    cluster.command("stop");
    run.back.want(entry, kVip, {});
    run.wait_for([&] { return run.back.counts().unreachable; });
    cluster.command("start");
    run.settle();
    CHECK(addresses(cluster, entry) == kWritten);
  }
}

TEST_CASE("without the right to patch") {
  const auto& cluster = test::fresh_cluster();
  cluster.command("add_token", {{"token", "reader"},
                                {"user", "reader"},
                                {"rules", json::array{json::object{{"apiGroups", json::array{"networking.istio.io"}},
                                                                   {"resources", json::array{"serviceentries"}},
                                                                   {"verbs", json::array{"get", "list", "watch"}}}}}});
  test::WriteBackRun run(cluster.settings("reader", {{"token", "reader"}}));
  const auto entry = test::put_entry(cluster, "prod", "reviews");
  run.back.want(entry, kVip, {});
  run.wait_for([&] { return run.refused.size(); });
  CHECK(run.refused[0].find("not allowed (RBAC): status 403: ") != std::string::npos);
  CHECK(run.refused[0].find("cannot patch resource") != std::string::npos);
  CHECK(run.back.counts().forbidden == 1);
  SUBCASE("what has gone is not asked for again") {
    cluster.command("grant", {{"user", "reader"},
                              {"rules", json::array{json::object{{"apiGroups", json::array{"networking.istio.io"}},
                                                                 {"resources", json::array{"serviceentries"}},
                                                                 {"verbs", json::array{"patch"}}}}}});
    test::remove_entry(cluster, entry);
    run.settle();
    CHECK(run.back.counts().gone == 1);
  }
}

TEST_CASE("a refused entry does not hold up the others") {
  const auto& cluster = test::fresh_cluster();
  test::WriteBackRun run(cluster.settings());
  cluster.command("fault", {{"method", "PATCH"}, {"path", "/bad-"}, {"webhook", "policy.example"}, {"times", nullptr}});
  std::vector<ObjectRef> good;
  for (int i = 0; i < 10; ++i) {
    run.back.want(test::put_entry(cluster, "prod", "bad-" + std::to_string(i)), kVip, {});
    good.push_back(test::put_entry(cluster, "prod", "good-" + std::to_string(i)));
    run.back.want(good.back(), kVip, {});
  }
  REQUIRE(test::run_until(run.loop, [&] { return run.back.counts().written == good.size(); }));
  for (const auto& entry : good) CHECK(addresses(cluster, entry) == kWritten);
}

}  // namespace
}  // namespace meridian::kube
