#include "kube/write_back.hpp"

#include <doctest/doctest.h>

#include "write_back_fixture.hpp"

namespace meridian::kube {
namespace {

namespace json = boost::json;
using test::addresses;

const std::string kVip = "245.1.2.3", kOther = "245.9.9.9";
const std::string kWritten = R"(["245.1.2.3"])";

TEST_CASE("a VIP is written back") {
  const auto& cluster = test::fresh_cluster();
  test::WriteBackRun run(cluster.settings());
  const auto entry = test::put_entry(cluster, "prod", "reviews");
  SUBCASE("as a list that is ours") {
    run.back.want(entry, kVip, {});
    run.settle();
    CHECK(addresses(cluster, entry) == kWritten);
    CHECK(test::owners(cluster, entry) == "meridian");
    CHECK(run.back.counts().written == 1);
    CHECK(run.refused.empty());
  }
  SUBCASE("in the words of the version that is served") {
    run.back.serve_version("v1alpha3");
    run.back.want(entry, kVip, {});
    run.settle();
    CHECK(test::requests(cluster, "PATCH", "/v1alpha3/") == 1);
    run.back.serve_version("v1");
    run.back.want(entry, kOther, kVip);
    run.settle();
    CHECK(addresses(cluster, entry) == R"(["245.9.9.9"])");
    CHECK(test::owners(cluster, entry) == "meridian");
  }
  SUBCASE("in another version, if the server does not serve that one") {
    cluster.command("serve_versions", {{"versions", json::array{"v1alpha3"}}});
    run.back.want(entry, kVip, {});
    run.settle();
    cluster.command("serve_versions", {{"versions", json::array{"v1", "v1beta1", "v1alpha3"}}});
    CHECK(addresses(cluster, entry) == kWritten);
    CHECK(run.back.counts().failed == 2);
    CHECK(run.refused.empty());
  }
  SUBCASE("once: after a restart, what is so already is not sent") {
    const auto marker = test::put_entry(cluster, "prod", "marker");
    run.back.want(entry, kVip, {});
    run.settle();
    test::WriteBackRun restarted(cluster.settings());
    restarted.back.want(entry, kVip, kVip);
    restarted.back.want(marker, kOther, {});
    restarted.settle();
    CHECK(test::requests(cluster, "PATCH", "/reviews") == 1);
    CHECK(test::requests(cluster, "PATCH", "/marker") == 1);
  }
  SUBCASE("and taken back, so that nothing of it is left") {
    run.back.want(entry, kVip, {});
    run.settle();
    run.back.want(entry, std::nullopt, kVip);
    run.settle();
    CHECK(addresses(cluster, entry) == "none");
    CHECK(test::owners(cluster, entry).empty());
    CHECK(run.back.counts().taken_back == 1);
  }
  SUBCASE("to the newest wish, though an older one is in flight") {
    cluster.command("fault", {{"method", "PATCH"}, {"delay", 0.2}});
    run.back.want(entry, kVip, {});
    run.wait_for([&] { return test::requests(cluster, "PATCH"); });
    run.back.want(entry, std::nullopt, {});
    run.back.want(entry, kOther, {});
    run.settle();
    CHECK(addresses(cluster, entry) == R"(["245.9.9.9"])");
    CHECK(run.back.counts().written == 2);
  }
  SUBCASE("again when somebody has taken the list away") {
    run.back.want(entry, kVip, {});
    run.settle();
    test::patch_entry(cluster, entry, "argocd", {{"addresses", nullptr}});
    run.back.want(entry, kVip, {});
    run.settle();
    CHECK(addresses(cluster, entry) == kWritten);
  }
}

TEST_CASE("a list that a user wrote") {
  const auto& cluster = test::fresh_cluster();
  test::WriteBackRun run(cluster.settings());
  const json::object users{{"addresses", json::array{"10.0.0.1", "10.0.0.2"}}};
  const std::string kUsers = R"(["10.0.0.1","10.0.0.2"])";
  SUBCASE("is not overwritten, and its owner is named") {
    const auto entry = test::put_entry(cluster, "prod", "reviews", users, "kubectl-edit");
    run.back.want(entry, kVip, {});
    run.wait_for([&] { return run.refused.size(); });
    CHECK(addresses(cluster, entry) == kUsers);
    CHECK(run.refused[0].find(R"(reviews: spec.addresses belongs to "kubectl-edit": status 409)") == 0);
    CHECK(run.back.counts().conflicts == 1);
    CHECK(run.back.counts().refused() == 1);
    CHECK(run.back.pending() == 1);
  }
  SUBCASE("is not overwritten though it is empty") {
    const auto entry = test::put_entry(cluster, "prod", "reviews", {{"addresses", json::array{}}});
    run.back.want(entry, kVip, {});
    run.wait_for([&] { return run.back.counts().conflicts; });
    CHECK(addresses(cluster, entry) == "[]");
  }
  SUBCASE("over ours is not taken back with ours, though the watch has not told yet") {
    const auto entry = test::put_entry(cluster, "prod", "reviews");
    run.back.want(entry, kVip, {});
    run.settle();
    test::patch_entry(cluster, entry, "kubectl-edit", users);
    run.back.want(entry, std::nullopt, kVip);
    run.settle();
    CHECK(addresses(cluster, entry) == kUsers);
    CHECK(test::owners(cluster, entry) == "kubectl-edit");
  }
  SUBCASE("over ours is not written again") {
    const auto entry = test::put_entry(cluster, "prod", "reviews");
    run.back.want(entry, kVip, {});
    run.settle();
    test::patch_entry(cluster, entry, "kubectl-edit", users);
    run.back.want(entry, kVip, {});
    run.wait_for([&] { return run.back.counts().conflicts; });
    CHECK(addresses(cluster, entry) == kUsers);
  }
}

TEST_CASE("an entry that is not there any more") {
  const auto& cluster = test::fresh_cluster();
  test::WriteBackRun run(cluster.settings());
  const auto entry = test::put_entry(cluster, "prod", "reviews");
  test::remove_entry(cluster, entry);
  SUBCASE("is not made by a write") {
    run.back.want(entry, kVip, {});
    run.settle();
    CHECK(addresses(cluster, entry) == "gone");
    CHECK(run.back.counts().gone == 1);
    CHECK(run.refused.empty());
  }
  SUBCASE("leaves nothing to its successor of the same name") {
    const auto successor = test::put_entry(cluster, "prod", "reviews");
    run.back.want(entry, kVip, {});
    run.settle();
    CHECK(addresses(cluster, successor) == "none");
    CHECK(run.back.counts().gone == 1);
    run.back.want(successor, kOther, {});
    run.settle();
    CHECK(addresses(cluster, successor) == R"(["245.9.9.9"])");
  }
  SUBCASE("is forgotten before its turn") {
    run.back.want(entry, kVip, {});
    run.back.forget("prod", "reviews");
    CHECK(run.idle());
    CHECK(test::requests(cluster, "PATCH") == 0);
  }
}

}  // namespace
}  // namespace meridian::kube
