#include "kube/exec_credential.hpp"

#include <doctest/doctest.h>

#include <boost/json/parse.hpp>
#include <stdexcept>

namespace meridian::kube {
namespace {

namespace json = boost::json;

constexpr const char* kV1 = "client.authentication.k8s.io/v1";

std::string credential(const std::string& status) {
  return R"({"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":)" + status + "}";
}

std::string error_of(const std::string& output) {
  try {
    parse_exec_credential(output, kV1);
  } catch (const std::invalid_argument& e) {
    return e.what();
  }
  return "";
}

TEST_CASE("an ExecCredential has a token, a certificate, or both") {
  const auto token = parse_exec_credential(credential(R"({"token":"abc","expirationTimestamp":null})") + "\n", kV1);
  CHECK(token.token == "abc");
  CHECK_FALSE(token.expires.has_value());
  const auto both = parse_exec_credential(
      credential(
          R"({"token":"t","clientCertificateData":"C","clientKeyData":"K","expirationTimestamp":"2030-01-01T00:00:00Z"})"),
      kV1);
  CHECK(both.certificate == "C");
  CHECK(both.key == "K");
  CHECK(both.expires == std::chrono::sys_days(std::chrono::year(2030) / 1 / 1));
}

TEST_CASE("what is no ExecCredential") {
  const std::pair<std::string, const char*> cases[] = {
      {"", "it printed no JSON object"},
      {"Error: log in first", "it printed no JSON object"},
      {"[]", "it printed no JSON object"},
      {R"({"kind":"Secret"})", "it printed no ExecCredential"},
      {R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1beta1","status":{"token":"t"}})",
       "it printed another apiVersion than client.authentication.k8s.io/v1"},
      {R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1"})",
       "it printed an ExecCredential without a status"},
      {credential("{}"), "it printed neither a token nor a certificate"},
      {credential(R"({"token":7})"), "`token` is no text"},
      {credential(R"({"clientKeyData":"s3cret"})"),
       "it printed one of clientCertificateData and clientKeyData without the other"},
      {credential(R"({"token":"s3cret","expirationTimestamp":"tomorrow"})"),
       "its expirationTimestamp is no RFC 3339 time"},
  };
  for (const auto& [output, error] : cases) {
    CAPTURE(output);
    CHECK(error_of(output) == error);
  }
}

TEST_CASE("times of RFC 3339") {
  using namespace std::chrono;
  const auto day = sys_days(year(2026) / 2 / 28);
  const std::pair<const char*, system_clock::time_point> good[] = {
      {"2026-02-28T12:34:56Z", day + hours(12) + minutes(34) + seconds(56)},
      {"2026-02-28t12:34:56.789z", day + hours(12) + minutes(34) + seconds(56)},
      {"2026-02-28T00:30:00+01:00", day - minutes(30)},
      {"2026-02-28T23:30:00-01:30", day + hours(25)},
      {"9999-12-31T00:00:00Z", sys_days(year(2200) / 12 / 31)},  // as far as the clock goes
  };
  for (const auto& [text, time] : good) {
    CAPTURE(text);
    CHECK(parse_time(text) == time);
  }
  for (const char* text :
       {"", "2026-02-28", "2026-02-30T00:00:00Z", "2026-02-28T24:00:00Z", "2026-02-28T00:00:00",
        "2026-02-28T00:00:00Zx", "2026-02-28 00:00:00Z", "2026-02-28T00:00:00+1:00", "-026-02-28T00:00:00Z"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_time(text).has_value());
  }
}

TEST_CASE("what a plugin is told") {
  ExecPlugin plugin{.api_version = kV1, .command = "x"};
  Peer peer{.origin = "test", .server = {"fd00::1", 6443, ""}};
  CHECK(
      json::parse(exec_info(plugin, peer)) ==
      json::parse(
          R"({"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","spec":{"interactive":false}})"));
  plugin.cluster_info = true;
  plugin.cluster_config = R"({"audience":"x"})";
  peer.tls_server_name = "kubernetes";
  peer.authority = {"PEM", "ca.crt"};
  peer.proxy = Proxy{"proxy", 3128, "me:p@ss"};
  CHECK(json::parse(exec_info(plugin, peer)).at("spec").at("cluster") ==
        json::parse(R"({"server":"https://[fd00::1]:6443","tls-server-name":"kubernetes",
          "certificate-authority-data":"UEVN","proxy-url":"http://me:p%40ss@proxy:3128","config":{"audience":"x"}})"));
  peer.insecure = true;
  CHECK(json::parse(exec_info(plugin, peer)).at("spec").at("cluster").at("insecure-skip-tls-verify") == true);
}

}  // namespace
}  // namespace meridian::kube
