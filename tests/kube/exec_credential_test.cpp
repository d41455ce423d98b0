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
