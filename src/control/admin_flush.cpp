#include "control/admin_flush.hpp"

#include <set>

namespace meridian::control {

FlushResult parse_flush(const std::vector<std::pair<std::string, std::string>>& parameters) {
  Flush flush;
  std::set<std::string> seen;
  for (const auto& [key, value] : parameters) {
    if (key != "name" && key != "below") {
      return FlushError{key + ": no such parameter; name=NAME and below=true, or none of them for everything"};
    }
    if (!seen.insert(key).second) return FlushError{key + ": is there twice; one name a request"};
    if (key == "name") {
      const auto name = dns::Name::from_text(value);
      if (!name) return FlushError{"name: " + std::string(to_text(name.error())) + "; as in name=www.example.com"};
      flush.name = *name;
    } else if (value == "true" || value == "false") {
      flush.below = value == "true";
    } else {
      return FlushError{"below: true or false"};
    }
  }
  if (flush.below && !flush.name) return FlushError{"below: goes with a name; without both everything is flushed"};
  return flush;
}

}  // namespace meridian::control
