#include "kube/kubeconfig.hpp"

#include <doctest/doctest.h>

#include <stdexcept>

namespace meridian::kube {
namespace {

constexpr const char* kFile = "/etc/meridian/kubeconfig";

// One context `dev` with these keys (YAML in flow style) of its cluster, user and context.
std::string kubeconfig(const std::string& cluster, const std::string& user = "{}", const std::string& context = "") {
  return "apiVersion: v1\nkind: Config\ncurrent-context: dev\n"
         "clusters: [{name: c, cluster: " +
         cluster +
         "}]\n"
         "users: [{name: u, user: " +
         user +
         "}]\n"
         "contexts: [{name: dev, context: {cluster: c, user: u" +
         context + "}}]\n";
}

std::string with_user(const std::string& user) {
  return kubeconfig("{server: 'https://api:6443'}", user);
}

std::string with_exec(const std::string& keys) {
  return with_user("{exec: {apiVersion: client.authentication.k8s.io/v1, command: get-token" + keys + "}}");
}

Access parse(const std::string& yaml) {
  return parse_kubeconfig(yaml, kFile, "");
}

std::string error_of(const std::string& yaml, const std::string& context = "") {
  try {
    parse_kubeconfig(yaml, kFile, context);
  } catch (const std::runtime_error& e) {
    return e.what();
  }
  return "";
}

TEST_CASE("the cluster of a context") {
  SUBCASE("has a server") {
    const auto access = parse(kubeconfig("{server: 'https://[fd00::1]:6443/k8s/clusters/c-1/'}"));
    CHECK(access.server == ServerUrl{"fd00::1", 6443, "/k8s/clusters/c-1"});
    CHECK(access.origin == "context dev of /etc/meridian/kubeconfig");
    CHECK(access.authority.empty());
    CHECK_FALSE(access.insecure);
  }
  SUBCASE("has a CA in a file, relative to that of the kubeconfig") {
    CHECK(parse(kubeconfig("{server: 'https://a', certificate-authority: pki/ca.crt}")).authority.file ==
          "/etc/meridian/pki/ca.crt");
    CHECK(parse(kubeconfig("{server: 'https://a', certificate-authority: /pki/ca.crt}")).authority.file ==
          "/pki/ca.crt");
  }
  SUBCASE("has a CA in itself, which wins over the file") {
    const auto access =
        parse(kubeconfig("{server: 'https://a', certificate-authority: x, certificate-authority-data: 'UEVN'}"));
    CHECK(access.authority == PemSource{.text = "PEM"});
  }
  SUBCASE("has another name in its certificate") {
    CHECK(parse(kubeconfig("{server: 'https://a', tls-server-name: kubernetes}")).tls_server_name == "kubernetes");
  }
  SUBCASE("may be insecure") {
    CHECK(parse(kubeconfig("{server: 'https://a', insecure-skip-tls-verify: true}")).insecure);
    CHECK_FALSE(parse(kubeconfig("{server: 'https://a', insecure-skip-tls-verify: false}")).insecure);
  }
  SUBCASE("is behind a proxy") {
    const auto access = parse(kubeconfig("{server: 'https://a', proxy-url: 'http://me:p%40ss@proxy:3128'}"));
    CHECK(access.proxy == Proxy{"proxy", 3128, "me:p@ss"});
  }
}

TEST_CASE("the user of a context") {
  SUBCASE("has a token") {
    CHECK(parse(with_user("{token: abc}")).token == "abc");
  }
  SUBCASE("has a token in a file") {
    CHECK(parse(with_user("{tokenFile: token}")).token_file == "/etc/meridian/token");
  }
  SUBCASE("has a certificate and a key, in files or in itself") {
    const auto access = parse(with_user("{client-certificate: me.crt, client-key-data: 'S0VZ'}"));
    CHECK(access.certificate == PemSource{.file = "/etc/meridian/me.crt"});
    CHECK(access.key == PemSource{.text = "KEY"});
  }
  SUBCASE("may be missing") {
    const auto access = parse(
        "current-context: dev\nclusters: [{name: c, cluster: {server: 'https://a'}}]\n"
        "contexts: [{name: dev, context: {cluster: c}}]\n");
    CHECK(access.token.empty());
  }
}

TEST_CASE("an exec plugin of a user") {
  SUBCASE("has a command with arguments and variables") {
    const auto access =
        parse(with_exec(", args: [--cluster, prod], env: [{name: AWS_PROFILE, value: dev}], "
                        "installHint: apt install it, interactiveMode: IfAvailable"));
    REQUIRE(access.exec.has_value());
    CHECK(access.exec->command == "get-token");
    CHECK(access.exec->arguments == std::vector<std::string>{"--cluster", "prod"});
    CHECK(access.exec->environment == std::vector<std::pair<std::string, std::string>>{{"AWS_PROFILE", "dev"}});
    CHECK(access.exec->install_hint == "apt install it");
    CHECK_FALSE(access.exec->cluster_info);
  }
  SUBCASE("with a slash is relative to the kubeconfig") {
    CHECK(
        parse(with_user("{exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: bin/x}}")).exec->command ==
        "/etc/meridian/bin/x");
  }
  SUBCASE("is told what the cluster has for it") {
    const auto access = parse(
        kubeconfig("{server: 'https://a', extensions: [{name: client.authentication.k8s.io/exec, "
                   "extension: {audience: x, retries: 3, deep: [true, null, '7', 0.5]}}]}",
                   "{exec: {apiVersion: client.authentication.k8s.io/v1, command: x, provideClusterInfo: true}}"));
    CHECK(access.exec->cluster_info);
    CHECK(access.exec->cluster_config == R"({"audience":"x","retries":3,"deep":[true,null,"7",5E-1]})");
  }
}

TEST_CASE("the context") {
  SUBCASE("is the current one unless it is named") {
    const std::string yaml = kubeconfig("{server: 'https://a'}") + "preferences: {}\n";
    CHECK(parse_kubeconfig(yaml, kFile, "dev").server.host == "a");
    CHECK(error_of(yaml, "prod").find("names \"prod\", which is not in `contexts`; there are: dev") !=
          std::string::npos);
  }
  SUBCASE("has a namespace") {
    CHECK(parse(kubeconfig("{server: 'https://a'}", "{}", ", namespace: mesh")).space == "mesh");
    CHECK(parse(kubeconfig("{server: 'https://a'}")).space == "default");
  }
}

TEST_CASE("a kubeconfig that is wrong names the key and the remedy") {
  const std::string a = "{server: 'https://a'";
  const struct {
    const char* title;
    std::string yaml;
    std::string error;  // behind "/etc/meridian/kubeconfig"
  } cases[] = {
      {"no YAML", "a: [", ":1: this is not YAML"},
      {"no map", "- a", ": this is no kubeconfig: it has no map at the top"},
      {"no current context", "clusters: []", ": current-context: it is empty: name one, or set `context`"},
      {"no such context", "current-context: dev", "which is not in `contexts`, for that is empty"},
      {"no cluster in it", "current-context: dev\ncontexts: [{name: dev, context: {}}]",
       ": contexts[dev].cluster: it is missing"},
      {"no such cluster", "current-context: dev\ncontexts: [{name: dev, context: {cluster: x}}]\nclusters: [{name: y}]",
       "contexts[dev].cluster names \"x\", which is not in `clusters`; there are: y"},
      {"no server", kubeconfig("{}"), ": clusters[c].server: it is missing"},
      {"plain http", kubeconfig("{server: 'http://a'}"), ": clusters[c].server: plain http is refused"},
      {"no URL", kubeconfig("{server: a}"), ": clusters[c].server: https://HOST:PORT is expected"},
      {"a bad port", kubeconfig("{server: 'https://a:99999'}"), ": clusters[c].server: its port is not a number"},
      {"a bad IPv6 address", kubeconfig("{server: 'https://[::x]'}"),
       "an IPv6 address is expected between the brackets"},
      {"user and password in the URL", kubeconfig("{server: 'https://u:p@a'}"), ": clusters[c].server: "},
      {"insecure with a CA", kubeconfig(a + ", insecure-skip-tls-verify: true, certificate-authority: x}"),
       ": clusters[c].insecure-skip-tls-verify: it contradicts certificate-authority"},
      {"insecure: perhaps", kubeconfig(a + ", insecure-skip-tls-verify: perhaps}"), "true or false is expected here"},
      {"a CA that is no base64", kubeconfig(a + ", certificate-authority-data: '---'}"),
       ": clusters[c].certificate-authority-data: base64 of a PEM file is expected here"},
      {"a SOCKS proxy", kubeconfig(a + ", proxy-url: 'socks5://a:1080'}"),
       ": clusters[c].proxy-url: only proxies that are asked by http://"},
      {"a list for a map", kubeconfig("[]"), ": clusters[c]: a map is expected here"},
      {"a map for a text", with_user("{token: {}}"), ": users[u].token: a text is expected here"},
      {"a password", with_user("{username: u, password: p}"), ": users[u].username: no API server takes passwords"},
      {"an auth-provider", with_user("{auth-provider: {name: gcp}}"), ": users[u].auth-provider: it was removed"},
      {"impersonation", with_user("{as: admin}"), ": users[u].as: impersonation is not supported"},
      {"a certificate without a key", with_user("{client-certificate: x}"), ": users[u].client-key: it is missing"},
      {"a key without a certificate", with_user("{client-key: x}"), ": users[u].client-certificate: it is missing"},
      {"an old exec API", with_user("{exec: {apiVersion: client.authentication.k8s.io/v1alpha1, command: x}}"),
       ": users[u].exec.apiVersion: client.authentication.k8s.io/v1 or"},
      {"exec without a command", with_user("{exec: {apiVersion: client.authentication.k8s.io/v1}}"),
       ": users[u].exec.command: it is missing"},
      {"exec with a terminal", with_exec(", interactiveMode: Always"), ": users[u].exec.interactiveMode: Always wants"},
      {"exec with arguments that are none", with_exec(", args: [{}]"), ": users[u].exec.args: texts are expected here"},
      {"exec with a variable without a name", with_exec(", env: [{value: x}]"),
       ": users[u].exec.env[].name: it is missing"},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      const auto error = error_of(c.yaml);
      CAPTURE(error);
      CHECK(error.starts_with(kFile));
      CHECK(error.find(c.error) != std::string::npos);
    }
  }
}

TEST_CASE("an error about a secret does not tell it") {
  for (const auto* yaml : {"{token: [s3cret]}", "{client-key-data: '*s3cret*', client-certificate: x}",
                           "{password: s3cret}", "{token: 's3cret\n"}) {
    const auto error = error_of(with_user(yaml));
    CAPTURE(error);
    CHECK_FALSE(error.empty());
    CHECK(error.find("s3cret") == std::string::npos);
  }
}

TEST_CASE("a kubeconfig that is not there, or is no file") {
  CHECK_THROWS_WITH(read_kubeconfig("/nonexistent/kubeconfig", ""), "/nonexistent/kubeconfig: there is no such file");
  CHECK_THROWS_WITH(read_kubeconfig("/dev/zero", ""), "/dev/zero: it is not a regular file");
}

}  // namespace
}  // namespace meridian::kube
