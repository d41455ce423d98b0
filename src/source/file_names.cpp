#include "source/file_names.hpp"

namespace meridian::source {

bool is_entries_file(std::string_view name) {
  // The ending alone rules out a.yaml~, a.yaml.tmp, a.yaml.swp, #a.yaml# and 4913; the first letter does the rest:
  // hidden files, a ConfigMap's ..data, and Emacs' lock .#a.yaml.
  if (name.empty() || name.front() == '.' || name.front() == '#') return false;
  for (const std::string_view ending : {".yaml", ".yml", ".json"})
    if (name.size() > ending.size() && name.ends_with(ending)) return true;
  return false;
}

}  // namespace meridian::source
