#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace meridian::kube {

// The beginning of what a stranger said, for logs: control characters as \xNN, "..." if there was more than `most`
// octets.
std::string readable(std::string_view text, std::size_t most = 300);

}  // namespace meridian::kube
