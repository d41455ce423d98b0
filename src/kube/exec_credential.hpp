#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "kube/credentials.hpp"

namespace meridian::kube {

// What an exec plugin prints (client.authentication.k8s.io, ExecCredential.status).
struct ExecCredential {
  std::string token{};
  std::string certificate{}, key{};  // PEM; both or none
  std::optional<std::chrono::system_clock::time_point> expires{};
};

// Throws std::invalid_argument with a sentence that has nothing of the output in it.
ExecCredential parse_exec_credential(std::string_view output, const std::string& api_version);

// What the plugin is told in KUBERNETES_EXEC_INFO: JSON.
std::string exec_info(const ExecPlugin& plugin, const Peer& peer);

}  // namespace meridian::kube
