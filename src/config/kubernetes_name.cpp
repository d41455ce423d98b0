#include "kubernetes_name.hpp"

#include <algorithm>

namespace meridian::config {
namespace {

constexpr std::size_t kLongestLabel = 63;

bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_alphanumeric(char c) {
  return is_lower(c) || is_digit(c) || (c >= 'A' && c <= 'Z');
}

// What stands between the dots of a name. Of any length: in a subdomain Kubernetes limits the whole alone.
bool is_part(std::string_view text) {
  return !text.empty() && !text.starts_with('-') && !text.ends_with('-') &&
         std::all_of(text.begin(), text.end(), [](char c) { return is_lower(c) || is_digit(c) || c == '-'; });
}

// The name in a label's key, and a label's value that is not empty.
bool is_label_text(std::string_view text) {
  return !text.empty() && text.size() <= kLongestLabel && is_alphanumeric(text.front()) &&
         is_alphanumeric(text.back()) && std::all_of(text.begin(), text.end(), [](char c) {
           return is_alphanumeric(c) || c == '-' || c == '_' || c == '.';
         });
}

}  // namespace

bool is_rfc1123_label(std::string_view text) {
  return text.size() <= kLongestLabel && is_part(text);
}

bool is_rfc1123_subdomain(std::string_view text) {
  if (text.size() > kLongestObjectName) return false;
  for (auto dot = text.find('.'); dot != text.npos; dot = text.find('.')) {
    if (!is_part(text.substr(0, dot))) return false;
    text.remove_prefix(dot + 1);
  }
  return is_part(text);
}

bool is_label_key(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == text.npos) return is_label_text(text);
  return is_rfc1123_subdomain(text.substr(0, slash)) && is_label_text(text.substr(slash + 1));
}

bool is_label_value(std::string_view text) {
  return text.empty() || is_label_text(text);
}

Form<std::string> namespace_name() {
  return {"a namespace: lower case letters, digits and '-' between them, at most 63",
          [](std::string_view text) -> std::optional<std::string> {
            if (!is_rfc1123_label(text)) return std::nullopt;
            return std::string(text);
          }};
}

Form<std::string> object_name(std::size_t longest) {
  return {"a name of lower case letters, digits, and '-' and '.' between them, at most " + std::to_string(longest),
          [longest](std::string_view text) -> std::optional<std::string> {
            if (text.size() > longest || !is_rfc1123_subdomain(text)) return std::nullopt;
            return std::string(text);
          }};
}

Form<ConfigMapName> config_map_name() {
  return {"the namespace and the name of a ConfigMap such as admiral/se-address-configmap",
          [](std::string_view text) -> std::optional<ConfigMapName> {
            const auto slash = text.find('/');
            if (slash == text.npos) return std::nullopt;
            const auto space = text.substr(0, slash), name = text.substr(slash + 1);
            if (!is_rfc1123_label(space) || !is_rfc1123_subdomain(name)) return std::nullopt;
            return ConfigMapName{std::string(space), std::string(name)};
          }};
}

}  // namespace meridian::config
