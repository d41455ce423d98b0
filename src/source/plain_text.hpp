#pragma once
// Text that may be shown to the YAML parser: yaml-cpp 0.7 passes bad UTF-8 through, guesses UTF-16 from zero octets,
// and takes the octet 0x04 for the end of the file, so all of that is found here first.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace meridian::source {

struct BadOctet {
  std::size_t line = 0;  // from 1
  std::string text;      // what it is and what to do
};

// The first octet that is not UTF-8 (RFC 3629) or a control character that YAML 1.2 forbids (5.1); nothing if all is
// well.
std::optional<BadOctet> find_bad_octet(std::string_view text);

}  // namespace meridian::source
