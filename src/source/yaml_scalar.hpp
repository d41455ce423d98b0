#pragma once
// What a YAML scalar means: the core schema of YAML 1.2.2 (10.3.2).

#include <string>
#include <string_view>

#include <boost/json/value.hpp>

namespace meridian::source {

// `text` as it stands without quotes: null, true and false, integers (also 0o17 and 0x1f), numbers with a point or an
// exponent; all else is a string, and so are .inf and .nan, which JSON does not know, and YAML 1.1's yes, no, on, off.
boost::json::value plain_scalar(std::string_view text);

}  // namespace meridian::source
