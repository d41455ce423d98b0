#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "kube/credentials.hpp"

namespace meridian::kube {

// One context of a kubeconfig; an empty `context` is its current-context. `file` is for messages, and relative paths
// start in its directory. Throws std::runtime_error: "FILE: KEY: what is wrong, and what to do"; never with a secret.
// What would make us somebody else if it were passed over (impersonation, passwords, auth-provider) is an error.
Access parse_kubeconfig(std::string_view yaml, const std::filesystem::path& file, const std::string& context);

// The same for a file of at most 1 MiB.
Access read_kubeconfig(const std::filesystem::path& file, const std::string& context);

}  // namespace meridian::kube
