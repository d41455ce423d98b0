#pragma once
// What to follow at an API server.

#include <string>
#include <vector>

namespace meridian::kube {

struct Resource {
  std::string group{};                      // "networking.istio.io"; empty: core
  std::vector<std::string> versions{"v1"};  // the first that the server serves is taken; more than one: by discovery
  std::string plural;                       // "serviceentries"
  std::string space{};                      // a namespace; empty: all
  std::string label_selector{};
  std::string field_selector{};
};

}  // namespace meridian::kube
