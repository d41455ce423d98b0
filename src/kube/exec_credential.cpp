#include "kube/exec_credential.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <stdexcept>

#include "kube/api.hpp"
#include "kube/base64.hpp"
#include "kube/timestamp.hpp"

namespace meridian::kube {
namespace {

namespace json = boost::json;

[[noreturn]] void fail(const std::string& why) {
  throw std::invalid_argument(why);
}

// The member `key`; empty if it is missing or null.
std::string text(const json::object& object, std::string_view key) {
  const auto* member = object.if_contains(key);
  if (!member || member->is_null()) return {};
  if (!member->is_string()) fail("`" + std::string(key) + "` is no text");
  return std::string(member->get_string());
}

json::object cluster_of(const ExecPlugin& plugin, const Peer& peer) {
  json::object cluster{{"server", peer.server.to_text()}};
  if (!peer.tls_server_name.empty()) cluster["tls-server-name"] = peer.tls_server_name;
  if (peer.insecure) cluster["insecure-skip-tls-verify"] = true;
  if (!peer.authority.text.empty()) cluster["certificate-authority-data"] = encode_base64(peer.authority.text);
  if (peer.proxy) {
    const auto& who = peer.proxy->user_password;
    const auto colon = who.find(':');
    auto login = percent_encode(who.substr(0, colon));
    if (colon != std::string::npos) login += ":" + percent_encode(who.substr(colon + 1));
    cluster["proxy-url"] = "http://" + (who.empty() ? "" : login + "@") + peer.proxy->authority();
  }
  if (!plugin.cluster_config.empty()) cluster["config"] = json::parse(plugin.cluster_config);
  return cluster;
}

}  // namespace

ExecCredential parse_exec_credential(std::string_view output, const std::string& api_version) {
  json::error_code error;
  const auto value = json::parse(output, error);
  if (error || !value.is_object()) fail("it printed no JSON object");
  const auto& root = value.get_object();
  if (text(root, "kind") != "ExecCredential") fail("it printed no ExecCredential");
  if (text(root, "apiVersion") != api_version) fail("it printed another apiVersion than " + api_version);
  const auto* member = root.if_contains("status");
  if (!member || !member->is_object()) fail("it printed an ExecCredential without a status");
  const auto& status = member->get_object();
  ExecCredential credential{.token = text(status, "token"),
                            .certificate = text(status, "clientCertificateData"),
                            .key = text(status, "clientKeyData")};
  if (credential.certificate.empty() != credential.key.empty()) {
    fail("it printed one of clientCertificateData and clientKeyData without the other");
  }
  if (credential.token.empty() && credential.certificate.empty()) fail("it printed neither a token nor a certificate");
  if (const auto expires = text(status, "expirationTimestamp"); !expires.empty()) {
    credential.expires = parse_time(expires);
    if (!credential.expires) fail("its expirationTimestamp is no RFC 3339 time");
  }
  return credential;
}

std::string exec_info(const ExecPlugin& plugin, const Peer& peer) {
  json::object spec{{"interactive", false}};
  if (plugin.cluster_info) spec["cluster"] = cluster_of(plugin, peer);
  return json::serialize(json::object{{"apiVersion", plugin.api_version}, {"kind", "ExecCredential"}, {"spec", spec}});
}

}  // namespace meridian::kube
