#pragma once
// The directory of `state:`, made ready at the start.

#include <filesystem>

namespace meridian {

// Creates it (mode 0700) if it is missing. Throws std::runtime_error, with what to do, if it can't be created or
// written.
void prepare_state_directory(const std::filesystem::path& directory);

}  // namespace meridian
