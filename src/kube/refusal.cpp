#include "kube/refusal.hpp"

#include <spdlog/fmt/fmt.h>

namespace meridian::kube {
namespace {

// As people and CRDs spell it: "serviceentries.networking.istio.io", "configmaps".
std::string full_name(const Resource& resource) {
  return resource.group.empty() ? resource.plural : resource.plural + "." + resource.group;
}

std::string rule_for(const Resource& resource) {
  return fmt::format("apiGroups: [\"{}\"], resources: [{}], verbs: [list, watch] in a {}", resource.group,
                     resource.plural,
                     resource.space.empty() ? "ClusterRole that a ClusterRoleBinding gives us"
                                            : "Role of namespace " + resource.space + " that a RoleBinding gives us");
}

}  // namespace

Refusal refusal_of(const Resource& resource, const Response& response) {
  const auto name = full_name(resource), said = explain(response);
  const auto text = [&]() -> std::string {
    switch (response.status) {
      case 401:
        return fmt::format(
            "{}: the API server does not know who we are ({}): check the token, or the client "
            "certificate",
            name, said);
      case 403:
        return fmt::format("{}: we may not read them ({}): it takes {}", name, said, rule_for(resource));
      case 404:
        return resource.group.empty()
                   ? fmt::format("{}: the API server has none ({})", name, said)
                   : fmt::format(
                         "{}: the API server does not have the CRD (status 404): install it; `kubectl get crd {}` must "
                         "show it",
                         name, name);
      default:
        return fmt::format("{}: the API server answers with {}", name, said);
    }
  }();
  return {text, response.status, response.retry_after};
}

}  // namespace meridian::kube
