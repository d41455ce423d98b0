#pragma once
// Which names in a directory are files with entries.

#include <string_view>

namespace meridian::source {

// *.yaml, *.yml and *.json (in lower case, as kubectl has it), but nothing hidden and nothing that an editor or a copy
// in progress leaves behind: `.a.yaml.swp`, `.#a.yaml`, `#a.yaml#`, `a.yaml~`, `4913`, `a.yaml.tmp`, `a.yaml.bak`,
// `..data`, `..2024_05_01`.
bool is_entries_file(std::string_view name);

}  // namespace meridian::source
