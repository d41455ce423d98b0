#pragma once
// An API server that answers, but not with what was asked for.

#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>

#include "kube/api.hpp"
#include "kube/resource.hpp"

namespace meridian::kube {

// `what` names what was asked for, what the server said, and what to do.
struct Refusal : std::runtime_error {
  Refusal(const std::string& what, unsigned code, std::optional<std::chrono::seconds> pause = std::nullopt)
      : std::runtime_error(what), status(code), retry_after(pause) {}
  unsigned status;
  std::optional<std::chrono::seconds> retry_after;
};

// To a list or a watch of `resource`, or to the question in which versions it is served.
Refusal refusal_of(const Resource& resource, const Response& response);

}  // namespace meridian::kube
