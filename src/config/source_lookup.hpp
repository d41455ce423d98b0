#pragma once
// Which of the configured sources is meant where a key speaks of a cluster. Pure; any thread.

#include <string_view>

#include <meridian/config/config.hpp>

namespace meridian::config {

// Null: there is none. Good for as long as the configuration is.
const Source* find_source(const Config& config, std::string_view name);
const Source* first_cluster(const Config& config);

}  // namespace meridian::config
