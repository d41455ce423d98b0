#include "kube/kubeconfig.hpp"

#include <yaml-cpp/yaml.h>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <charconv>
#include <stdexcept>

#include "kube/base64.hpp"
#include "kube/regular_file.hpp"

namespace meridian::kube {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr std::size_t kFileLimit = 1 << 20;
constexpr const char* kExecExtension = "client.authentication.k8s.io/exec";
constexpr int kExtensionDepth = 16;

// A map of the file, and the words that lead to it: "users[alice].exec". Values never get into a message.
class Section {
 public:
  Section(const fs::path& file, std::string where, YAML::Node node)
      : file_(file), where_(std::move(where)), node_(std::move(node)) {
    if (node_ && !node_.IsNull() && !node_.IsMap()) fail("", "a map is expected here");
  }

  [[noreturn]] void fail(const std::string& key, const std::string& why) const {
    throw std::runtime_error(file_.string() + ": " + at(key) + ": " + why);
  }
  std::string at(const std::string& key) const {
    return key.empty() ? where_ : where_.empty() ? key : where_ + "." + key;
  }

  YAML::Node operator[](const char* key) const {
    if (!node_ || !node_.IsMap()) return YAML::Node(YAML::NodeType::Undefined);
    const YAML::Node& map = node_;  // const: looking must not make the key
    return map[key];
  }
  bool has(const char* key) const {
    const auto node = (*this)[key];
    return node && !node.IsNull();
  }
  Section section(const char* key) const { return {file_, at(key), (*this)[key]}; }

  std::string text(const char* key) const {
    if (!has(key)) return {};
    const auto node = (*this)[key];
    if (!node.IsScalar()) fail(key, "a text is expected here");
    return node.Scalar();
  }
  bool flag(const char* key) const {
    const auto value = text(key);
    if (value.empty() || value == "false") return false;
    if (value != "true") fail(key, "true or false is expected here");
    return true;
  }
  fs::path path(const char* key) const {
    const auto value = text(key);
    return value.empty() ? fs::path() : file_.parent_path() / value;  // an absolute one stays what it is
  }
  // `key`-data, which wins over the file `key`, as kubectl has it.
  PemSource pem(const std::string& key) const {
    const auto data_key = key + "-data";
    if (const auto data = text(data_key.c_str()); !data.empty()) {
      auto decoded = decode_base64(data);
      if (!decoded) fail(data_key, "base64 of a PEM file is expected here");
      return {.text = std::move(*decoded)};
    }
    return {.file = path(key.c_str())};
  }
  // The items of the list `key`, if there is one.
  std::vector<YAML::Node> items(const char* key) const {
    if (!has(key)) return {};
    const auto node = (*this)[key];
    if (!node.IsSequence()) fail(key, "a list is expected here");
    return {node.begin(), node.end()};
  }
  // clusters: [{name: NAME, cluster: {...}}] and its likes. `wanted_by`: the key that names it.
  Section named(const char* list, const char* inner, const std::string& name, const std::string& wanted_by) const {
    std::string known;
    for (const auto& item : items(list)) {
      const Section entry(file_, std::string(list) + "[]", item);
      const auto found = entry.text("name");
      if (found == name) return {file_, std::string(list) + "[" + name + "]", entry[inner]};
      known += (known.empty() ? "" : ", ") + found;
    }
    fail("", wanted_by + " names \"" + name + "\", which is not in `" + list + "`" +
                 (known.empty() ? ", for that is empty" : "; there are: " + known));
  }
  const fs::path& file() const { return file_; }

 private:
  const fs::path& file_;
  std::string where_;
  YAML::Node node_;
};

// A plain scalar as YAML's core schema reads it; for the extension that goes to an exec plugin.
json::value scalar(const YAML::Node& node) {
  const std::string& text = node.Scalar();
  if (node.Tag() == "!") return json::value(text);  // quoted
  if (text == "true" || text == "false") return text == "true";
  if (text == "null" || text == "~" || text.empty()) return nullptr;
  std::int64_t integer = 0;
  const char* const end = text.data() + text.size();
  if (std::from_chars(text.data(), end, integer).ptr == end) return integer;
  double number = 0;
  if (std::from_chars(text.data(), end, number).ptr == end) return number;
  return json::value(text);
}

json::value to_json(const YAML::Node& node, int depth) {
  if (depth == 0) throw std::length_error("it is nested too deeply");
  if (node.IsMap()) {
    json::object object;
    for (const auto& member : node) object[member.first.Scalar()] = to_json(member.second, depth - 1);
    return object;
  }
  if (node.IsSequence()) {
    json::array array;
    for (const auto& item : node) array.push_back(to_json(item, depth - 1));
    return array;
  }
  return node.IsScalar() ? scalar(node) : json::value(nullptr);
}

std::string exec_extension(const Section& cluster) {
  for (const auto& item : cluster.items("extensions")) {
    const Section extension(cluster.file(), cluster.at("extensions[]"), item);
    if (extension.text("name") == kExecExtension && extension.has("extension")) {
      return json::serialize(to_json(extension["extension"], kExtensionDepth));
    }
  }
  return {};
}

void read_cluster(const Section& cluster, Access& access) {
  if (!cluster.has("server")) cluster.fail("server", "it is missing: https://HOST:PORT is expected");
  try {
    access.server = parse_server_url(cluster.text("server"));
  } catch (const std::invalid_argument& e) {
    cluster.fail("server", e.what());
  }
  access.authority = cluster.pem("certificate-authority");
  access.tls_server_name = cluster.text("tls-server-name");
  access.insecure = cluster.flag("insecure-skip-tls-verify");
  if (access.insecure && !access.authority.empty()) {
    cluster.fail("insecure-skip-tls-verify",
                 "it contradicts certificate-authority: remove it, and the server is verified");
  }
  if (!cluster.has("proxy-url")) return;
  try {
    access.proxy = parse_proxy_url(cluster.text("proxy-url"));
  } catch (const std::invalid_argument& e) {
    cluster.fail("proxy-url", e.what());
  }
}

ExecPlugin read_exec(const Section& exec) {
  ExecPlugin plugin{.api_version = exec.text("apiVersion"), .command = exec.text("command")};
  if (plugin.api_version != "client.authentication.k8s.io/v1" &&
      plugin.api_version != "client.authentication.k8s.io/v1beta1") {
    exec.fail("apiVersion", "client.authentication.k8s.io/v1 or client.authentication.k8s.io/v1beta1 is expected");
  }
  if (plugin.command.empty()) exec.fail("command", "it is missing");
  if (plugin.command.find('/') != std::string::npos) plugin.command = exec.path("command");  // else PATH has it
  for (const auto& item : exec.items("args")) {
    if (!item.IsScalar()) exec.fail("args", "texts are expected here");
    plugin.arguments.push_back(item.Scalar());
  }
  for (const auto& item : exec.items("env")) {
    const Section variable(exec.file(), exec.at("env[]"), item);
    if (!variable.has("name")) variable.fail("name", "it is missing");
    plugin.environment.emplace_back(variable.text("name"), variable.text("value"));
  }
  if (exec.text("interactiveMode") == "Always") {
    exec.fail("interactiveMode", "Always wants a terminal, and a server has none: use a plugin that can do without");
  }
  plugin.cluster_info = exec.flag("provideClusterInfo");
  plugin.install_hint = exec.text("installHint");
  return plugin;
}

void read_user(const Section& user, Access& access) {
  for (const char* key : {"username", "password"}) {
    if (user.has(key))
      user.fail(key, "no API server takes passwords since Kubernetes 1.19: use a token, a certificate or exec");
  }
  if (user.has("auth-provider")) {
    user.fail("auth-provider", "it was removed in Kubernetes 1.26: use exec with the plugin of your provider");
  }
  for (const char* key : {"as", "as-uid", "as-groups", "as-user-extra"}) {
    if (user.has(key)) user.fail(key, "impersonation is not supported: give Meridian an identity of its own");
  }
  access.certificate = user.pem("client-certificate");
  access.key = user.pem("client-key");
  if (access.certificate.empty() != access.key.empty()) {
    user.fail(access.key.empty() ? "client-key" : "client-certificate",
              "it is missing: a client certificate and its key are given together");
  }
  access.token = user.text("token");
  access.token_file = user.path("tokenFile");
  if (user.has("exec")) access.exec = read_exec(user.section("exec"));
}

YAML::Node load(std::string_view yaml, const fs::path& file) {
  try {
    return YAML::Load(std::string(yaml));
  } catch (const YAML::Exception& e) {
    throw std::runtime_error(file.string() + ":" + std::to_string(e.mark.line + 1) + ": this is not YAML");
  }
}

Access parse(std::string_view yaml, const fs::path& file, const std::string& context) {
  const auto root = load(yaml, file);
  if (!root.IsMap()) throw std::runtime_error(file.string() + ": this is no kubeconfig: it has no map at the top");
  const Section top(file, "", root);
  const auto name = context.empty() ? top.text("current-context") : context;
  if (name.empty()) top.fail("current-context", "it is empty: name one, or set `context` in the configuration");
  const auto chosen = top.named("contexts", "context", name, context.empty() ? "current-context" : "the configuration");
  Access access{.origin = "context " + name + " of " + file.string()};
  if (!chosen.has("cluster")) chosen.fail("cluster", "it is missing");
  const auto cluster = top.named("clusters", "cluster", chosen.text("cluster"), chosen.at("cluster"));
  read_cluster(cluster, access);
  if (chosen.has("user")) read_user(top.named("users", "user", chosen.text("user"), chosen.at("user")), access);
  if (access.exec) access.exec->cluster_config = exec_extension(cluster);
  if (chosen.has("namespace")) access.space = chosen.text("namespace");
  return access;
}

}  // namespace

Access parse_kubeconfig(std::string_view yaml, const fs::path& file, const std::string& context) {
  try {
    return parse(yaml, file, context);
  } catch (const YAML::Exception& e) {
    throw std::runtime_error(file.string() + ":" + std::to_string(e.mark.line + 1) + ": this is no kubeconfig");
  } catch (const std::length_error& e) {
    throw std::runtime_error(file.string() + ": extensions: " + e.what());
  }
}

Access read_kubeconfig(const fs::path& file, const std::string& context) {
  return parse_kubeconfig(read_regular_file(file, kFileLimit), file, context);
}

}  // namespace meridian::kube
