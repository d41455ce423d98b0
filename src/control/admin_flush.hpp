#pragma once
// POST /api/v1/flush: what of the cache shall be forgotten. Control thread.

#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <meridian/dns/name.hpp>

namespace meridian::control {

struct Flush {
  std::optional<dns::Name> name;  // none: everything
  bool below = false;             // all names under it too
};

// Why parameters are no flush, and what would be.
struct FlushError {
  std::string text;
};

// Of the parameters of a URL, decoded: `name`, `below` ("true", "false"), each once and nothing else, so that a slip of
// the pen does not empty the cache.
using FlushResult = std::variant<Flush, FlushError>;
FlushResult parse_flush(const std::vector<std::pair<std::string, std::string>>& parameters);

}  // namespace meridian::control
