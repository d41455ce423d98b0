#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace meridian::kube {

// RFC 4648, 4, with padding.
std::string encode_base64(std::string_view octets);
// White space between the characters is passed over, as YAML folds long lines; anything else makes it nothing.
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace meridian::kube
