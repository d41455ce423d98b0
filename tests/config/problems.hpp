#pragma once
// What parse() says of a text, in a form that a test can compare: "LINE:COLUMN: TEXT", a line for each problem.

#include <string>
#include <string_view>
#include <vector>

#include <meridian/config/config.hpp>

namespace meridian::config::tests {

inline std::string lines(const std::vector<Problem>& problems) {
  std::string out;
  for (const auto& p : problems) {
    if (!out.empty()) out += '\n';
    out += std::to_string(p.line) + ":" + std::to_string(p.column) + ": " + p.text;
  }
  return out;
}

inline std::string errors(std::string_view yaml) {
  return lines(parse(yaml, "test.yaml").errors);
}
inline std::string warnings(std::string_view yaml) {
  return lines(parse(yaml, "test.yaml").warnings);
}

// A text that is refused, and all that is said about it; "" for one that is right.
struct Row {
  const char* title;
  const char* yaml;
  std::string errors;
};

}  // namespace meridian::config::tests
