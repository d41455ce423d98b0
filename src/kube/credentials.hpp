#pragma once
// How a cluster is reached and who we are there, as values. Nothing here has read a file that it names, but for Peer.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace meridian::kube {

// https://HOST[:PORT][/PATH]; an IPv6 address without its brackets.
struct ServerUrl {
  std::string host;
  std::uint16_t port = 443;
  std::string path{};  // stands before every target; empty, or "/x" without a slash at the end
  bool operator==(const ServerUrl&) const = default;
  std::string authority() const;  // "10.96.0.1:443", "[fd00::1]:443"
  std::string to_text() const;    // "https://10.96.0.1:443/x"
};
// Throws std::invalid_argument, with a sentence, for what is not one: plain http above all, for the token would be
// readable.
ServerUrl parse_server_url(std::string_view text);

// http://[USER:PASSWORD@]HOST[:PORT], asked to CONNECT.
struct Proxy {
  std::string host;
  std::uint16_t port = 80;
  std::string user_password{};  // decoded; empty: none
  bool operator==(const Proxy&) const = default;
  std::string authority() const;
};
Proxy parse_proxy_url(std::string_view text);  // throws as above

// Certificates or a key, in a file or as they are (decoded).
struct PemSource {
  std::filesystem::path file{};
  std::string text{};
  bool operator==(const PemSource&) const = default;
  bool empty() const { return file.empty() && text.empty(); }
};

// A program that prints an ExecCredential (client.authentication.k8s.io).
struct ExecPlugin {
  std::string api_version;  // as in the kubeconfig, and back from the program
  std::string command;      // a name is looked for in PATH
  std::vector<std::string> arguments{};
  std::vector<std::pair<std::string, std::string>> environment{};  // on top of ours
  bool cluster_info = false;     // it is told about the cluster (KUBERNETES_EXEC_INFO), and
  std::string cluster_config{};  // what the kubeconfig has for it, as JSON
  std::string install_hint{};    // for people, if there is no such program
  bool operator==(const ExecPlugin&) const = default;
};

// One context of a kubeconfig, or the service account of the pod.
struct Access {
  std::string origin;  // "service account", "context dev of /etc/meridian/kubeconfig": for people
  ServerUrl server{};
  PemSource authority{};  // empty: what the system trusts
  bool insecure = false;  // nothing is verified
  std::string tls_server_name{};
  std::optional<Proxy> proxy{};
  PemSource certificate{}, key{};
  std::string token{};
  std::filesystem::path token_file{};  // before `token`
  std::optional<ExecPlugin> exec{};    // if there is no token
  std::string space = "default";
  bool operator==(const Access&) const = default;
};

// PEM as it was read, and where: for messages.
struct Pem {
  std::string text{}, from{};
  bool operator==(const Pem&) const = default;
};

// All that makes a connection. Compared by value: when it changed new connections are made, and old ones go on.
struct Peer {
  std::string origin;
  ServerUrl server;
  std::string tls_server_name{};
  bool insecure = false;
  std::optional<Proxy> proxy{};
  Pem authority{}, certificate{}, key{};
  bool operator==(const Peer&) const = default;
  std::string describe() const { return server.to_text() + " (" + origin + ")"; }
};

// What one request needs.
struct Credentials {
  std::shared_ptr<const Peer> peer;
  std::string token{};  // empty: none is sent
};

}  // namespace meridian::kube
