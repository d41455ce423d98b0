#pragma once
// `meridian serve`: makes every part, joins them, and runs until a signal ends it.

#include <filesystem>

namespace meridian {

// Returns the exit status: 0 after a clean stop, 1 if the configuration has errors (they are on standard error then).
// Throws std::runtime_error, with what to do, if a part can't start: a port is taken, a directory can't be written.
int serve(const std::filesystem::path& config_file);

}  // namespace meridian
