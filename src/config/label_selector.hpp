#pragma once
// Label selectors as text: "app=web,tier in (a, b),!internal". Only checked; the API server does the selecting. Pure.

#include <optional>
#include <string>
#include <string_view>

namespace meridian::config {

// What is wrong with `selector`: "has THIS at character N; expected THAT". Nothing: the API server takes it; the rules
// are those of labels.Parse (k8s.io/apimachinery, labels). An empty one selects everything.
std::optional<std::string> fault_in_selector(std::string_view selector);

}  // namespace meridian::config
