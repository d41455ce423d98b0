#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace meridian::kube {

// What a stranger said, for logs and Events: valid UTF-8 without control characters; every other octet is spelled \xNN.
// At most `longest` octets: a text that is cut ends in "...".
std::string readable(std::string_view text, std::size_t longest = 300);

}  // namespace meridian::kube
