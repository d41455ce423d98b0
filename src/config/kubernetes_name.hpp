#pragma once
// Names and labels as the API server takes them (k8s.io/apimachinery, util/validation). Pure.

#include <cstddef>
#include <string>
#include <string_view>

#include "form.hpp"

namespace meridian::config {

inline constexpr std::size_t kLongestObjectName = 253;

bool is_rfc1123_label(std::string_view text);      // a namespace
bool is_rfc1123_subdomain(std::string_view text);  // most other objects
bool is_label_key(std::string_view text);          // "app", "istio.io/rev"
bool is_label_value(std::string_view text);        // may be empty

Form<std::string> namespace_name();
Form<std::string> object_name(std::size_t longest);
// "namespace/name".
Form<ConfigMapName> config_map_name();

}  // namespace meridian::config
