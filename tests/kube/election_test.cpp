#include "kube/election.hpp"

#include <doctest/doctest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace meridian::kube {
namespace {

namespace json = boost::json;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Time = Election::Time;

constexpr Time kStart = Time(seconds(1000));
constexpr Election::WallTime kNoon = Election::WallTime(std::chrono::microseconds(1735787045000006));

Election make(const std::string& identity, seconds duration = seconds(15)) {
  return Election("istio-system", "meridian", identity, {duration, seconds(10), seconds(2)});
}

json::object lease_of(const char* spec) {
  json::object lease;
  lease["metadata"] = json::parse(R"({"name":"meridian","resourceVersion":"7","labels":{"a":"b"}})");
  lease["spec"] = json::parse(spec);
  return lease;
}

std::string text(const json::object& lease, const char* key) {
  return std::string(lease.at("spec").at(key).as_string());
}

}  // namespace

TEST_CASE("a Lease may be claimed") {
  struct {
    const char* title;
    const char* spec;  // as seen first
    seconds waited;
    bool may;
  } rows[] = {
      {"if nobody holds it", R"({"holderIdentity":"","leaseDurationSeconds":15})", seconds(0), true},
      {"if it names no holder at all", "{}", seconds(0), true},
      {"if it is ours", R"({"holderIdentity":"me","leaseDurationSeconds":15})", seconds(0), true},
      {"not while another's time runs", R"({"holderIdentity":"you","leaseDurationSeconds":15})", seconds(14), false},
      {"when it did not change for another's time", R"({"holderIdentity":"you","leaseDurationSeconds":15})",
       seconds(15), true},
      {"not before the holder's own time, if that is longer", R"({"holderIdentity":"you","leaseDurationSeconds":60})",
       seconds(59), false},
      {"not before our time, if that is longer", R"({"holderIdentity":"you","leaseDurationSeconds":1})", seconds(14),
       false},
      {"whatever the holder wrote as its time", R"({"holderIdentity":"you","renewTime":"2999-01-01T00:00:00.000000Z"})",
       seconds(15), true},
      {"although somebody wrote an absurd promise", R"({"holderIdentity":"you","leaseDurationSeconds":999999999999})",
       seconds(3600), true},
      {"although somebody wrote no number", R"({"holderIdentity":"you","leaseDurationSeconds":"long"})", seconds(15),
       true},
  };
  for (const auto& row : rows) {
    SUBCASE(row.title) {
      auto election = make("me");
      election.observe(lease_of(row.spec), kStart);
      CHECK(election.may_claim(kStart + row.waited) == row.may);
    }
  }
}

TEST_CASE("a holder's time begins anew with every change that we see, and with no look that shows none") {
  auto election = make("me");
  const auto first = lease_of(R"({"holderIdentity":"you","renewTime":"1"})");
  auto relabelled = first;
  relabelled["metadata"].as_object()["resourceVersion"] = "8";
  election.observe(first, kStart);
  election.observe(relabelled, kStart + seconds(14));
  CHECK(election.may_claim(kStart + seconds(15)));
  election.observe(lease_of(R"({"holderIdentity":"you","renewTime":"2"})"), kStart + seconds(16));
  CHECK_FALSE(election.may_claim(kStart + seconds(30)));
  CHECK(election.may_claim(kStart + seconds(31)));
  election.observe(std::nullopt, kStart + seconds(17));
  CHECK_MESSAGE(election.may_claim(kStart + seconds(17)), "it was deleted");
}

TEST_CASE("a claim") {
  auto election = make("me");
  SUBCASE("of a Lease that is not there is a whole one") {
    election.observe(std::nullopt, kStart);
    const auto lease = election.claim(kNoon);
    CHECK(json::serialize(lease) ==
          R"({"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":"meridian","namespace":)"
          R"("istio-system"},"spec":{"acquireTime":"2025-01-02T03:04:05.000006Z","leaseTransitions":0,)"
          R"("holderIdentity":"me","leaseDurationSeconds":15,"renewTime":"2025-01-02T03:04:05.000006Z"}})");
  }
  SUBCASE("of another's Lease counts the transition and keeps what is not ours, version and all") {
    election.observe(lease_of(R"({"holderIdentity":"you","acquireTime":"x","leaseTransitions":4,"strategy":"s"})"),
                     kStart);
    const auto lease = election.claim(kNoon);
    CHECK(lease.at("spec").at("leaseTransitions") == 5);
    CHECK(text(lease, "acquireTime") == "2025-01-02T03:04:05.000006Z");
    CHECK(text(lease, "strategy") == "s");
    CHECK(lease.at("metadata").at("resourceVersion") == "7");
    CHECK(lease.at("metadata").at("labels").at("a") == "b");
  }
  SUBCASE("of our own renews it and changes nothing else") {
    election.observe(lease_of(R"({"holderIdentity":"me","acquireTime":"x","leaseTransitions":4})"), kStart);
    const auto lease = election.claim(kNoon);
    CHECK(lease.at("spec").at("leaseTransitions") == 4);
    CHECK(text(lease, "acquireTime") == "x");
    CHECK(text(lease, "renewTime") == "2025-01-02T03:04:05.000006Z");
  }
}

TEST_CASE("a Lease that was let go is nobody's at once") {
  auto election = make("me"), other = make("other");
  election.won(lease_of(R"({"holderIdentity":"me","leaseTransitions":4})"), kStart);
  const auto lease = election.released(kNoon);
  CHECK(text(lease, "holderIdentity") == "");
  CHECK(lease.at("spec").at("leaseDurationSeconds") == 1);
  CHECK(lease.at("spec").at("leaseTransitions") == 4);
  other.observe(lease, kStart);
  CHECK(other.may_claim(kStart));
}

TEST_CASE("a Lease is held") {
  auto election = make("me");
  const auto mine = lease_of(R"({"holderIdentity":"me"})");
  CHECK_FALSE(election.held(kStart));
  SUBCASE("not because it names us: only because we wrote it") {
    election.observe(mine, kStart);
    CHECK_FALSE(election.held(kStart));
  }
  SUBCASE("until so long after the last claim was sent") {
    election.won(mine, kStart);
    CHECK(election.held(kStart + milliseconds(9999)));
    CHECK_FALSE(election.held(kStart + seconds(10)));
    election.won(mine, kStart + seconds(5));
    CHECK(election.held(kStart + milliseconds(14999)));
    CHECK(election.held_until() == kStart + seconds(15));
  }
  SUBCASE("not any more when another holder is seen in it") {
    election.won(mine, kStart);
    election.observe(lease_of(R"({"holderIdentity":"you"})"), kStart + seconds(1));
    CHECK_FALSE(election.held(kStart + seconds(1)));
    CHECK(election.holder() == "you");
  }
  SUBCASE("not if the server's answer names another") {
    election.won(lease_of(R"({"holderIdentity":"you"})"), kStart);
    CHECK_FALSE(election.held(kStart));
  }
  SUBCASE("for its time though somebody deleted it, so that nobody waits for us to get it back") {
    election.won(mine, kStart);
    election.observe(std::nullopt, kStart + seconds(1));
    CHECK(election.held(kStart + seconds(9)));
    CHECK_FALSE(election.exists());
  }
}

}  // namespace meridian::kube
