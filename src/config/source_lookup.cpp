#include "source_lookup.hpp"

#include <algorithm>

namespace meridian::config {
namespace {

template <class Is>
const Source* first(const Config& config, Is is) {
  const auto found = std::find_if(config.sources.begin(), config.sources.end(), is);
  return found == config.sources.end() ? nullptr : &*found;
}

}  // namespace

const Source* find_source(const Config& config, std::string_view name) {
  return first(config, [&](const Source& source) { return source.name == name; });
}

const Source* first_cluster(const Config& config) {
  return first(config, [](const Source& source) { return source.kubernetes.has_value(); });
}

}  // namespace meridian::config
