#include "kube/service_account.hpp"

#include <cstdlib>
#include <stdexcept>

#include "kube/regular_file.hpp"

namespace meridian::kube {
namespace {

constexpr std::size_t kNamespaceLimit = 1024;

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

std::string space_of(const std::filesystem::path& file) {
  try {
    auto space = read_regular_file(file, kNamespaceLimit);
    while (!space.empty() && (space.back() == '\n' || space.back() == ' ')) space.pop_back();
    if (!space.empty()) return space;
  } catch (const UnreadableFile&) {  // some mounts have the token alone
  }
  return "default";
}

}  // namespace

Access service_account() {
  auto host = environment("KUBERNETES_SERVICE_HOST");
  const auto port = environment("KUBERNETES_SERVICE_PORT");
  if (host.empty() || port.empty()) {
    throw std::runtime_error(
        "service account: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set, so this is no pod: give the "
        "source a kubeconfig");
  }
  std::filesystem::path directory = environment("MERIDIAN_SERVICE_ACCOUNT");
  if (directory.empty()) directory = "/var/run/secrets/kubernetes.io/serviceaccount";
  if (host.find(':') != std::string::npos && !host.starts_with('[')) host = "[" + host + "]";
  Access access{.origin = "service account"};
  try {
    access.server = parse_server_url("https://" + host + ":" + port);
  } catch (const std::invalid_argument& e) {
    throw std::runtime_error("service account: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT make no URL: " +
                             std::string(e.what()));
  }
  access.authority.file = directory / "ca.crt";
  access.token_file = directory / "token";
  access.space = space_of(directory / "namespace");
  return access;
}

}  // namespace meridian::kube
