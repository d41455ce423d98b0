#include "kube/exec_credential.hpp"

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <charconv>
#include <stdexcept>

#include "kube/api.hpp"
#include "kube/base64.hpp"

namespace meridian::kube {
namespace {

namespace json = boost::json;
using std::chrono::system_clock;

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

// Digits of a fixed width, taken from the front.
std::optional<int> take_number(std::string_view& from, std::size_t digits) {
  int number = 0;
  if (from.size() < digits) return std::nullopt;
  const auto [end, error] = std::from_chars(from.data(), from.data() + digits, number);
  if (error != std::errc() || end != from.data() + digits || number < 0) return std::nullopt;
  from.remove_prefix(digits);
  return number;
}

bool take(std::string_view& from, char expected, char or_this) {
  if (from.empty() || (from[0] != expected && from[0] != or_this)) return false;
  from.remove_prefix(1);
  return true;
}

// "Z", "+01:00"
std::optional<std::chrono::minutes> take_offset(std::string_view& from) {
  if (take(from, 'Z', 'z')) return std::chrono::minutes(0);
  const bool west = from.starts_with('-');
  if (!take(from, '+', '-')) return std::nullopt;
  const auto hours = take_number(from, 2);
  if (!hours || !take(from, ':', ':')) return std::nullopt;
  const auto minutes = take_number(from, 2);
  if (!minutes) return std::nullopt;
  const std::chrono::minutes offset(*hours * 60 + *minutes);
  return west ? -offset : offset;
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

std::optional<system_clock::time_point> parse_time(std::string_view text) {
  using namespace std::chrono;
  auto y = take_number(text, 4);
  if (y) y = std::clamp(*y, 1970, 2200);  // what nanoseconds in 64 bits can tell
  if (!y || !take(text, '-', '-')) return std::nullopt;
  const auto m = take_number(text, 2);
  if (!m || !take(text, '-', '-')) return std::nullopt;
  const auto d = take_number(text, 2);
  if (!d || !take(text, 'T', 't')) return std::nullopt;
  const auto hour = take_number(text, 2);
  if (!hour || !take(text, ':', ':')) return std::nullopt;
  const auto minute = take_number(text, 2);
  if (!minute || !take(text, ':', ':')) return std::nullopt;
  const auto second = take_number(text, 2);
  if (!second || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  if (take(text, '.', '.')) {  // a fraction of a second is not worth keeping
    while (!text.empty() && text[0] >= '0' && text[0] <= '9') text.remove_prefix(1);
  }
  const auto offset = take_offset(text);
  const year_month_day date{year(*y), month(static_cast<unsigned>(*m)), day(static_cast<unsigned>(*d))};
  if (!offset || !text.empty() || !date.ok()) return std::nullopt;
  return system_clock::time_point(sys_days(date)) + hours(*hour) + minutes(*minute) + seconds(*second) - *offset;
}

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
