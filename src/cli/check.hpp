#pragma once
// `meridian check`: what is wrong in a configuration, without starting anything.

#include <filesystem>
#include <iosfwd>

namespace meridian::cli {

// Reads `file` and gives the exit status: 0, with "FILE: ok" and warnings on `out`; or 1, with every problem on `err`.
// One line a problem, "FILE:LINE:COLUMN: TEXT". Blocking; any thread.
int check(const std::filesystem::path& file, std::ostream& out, std::ostream& err);

}  // namespace meridian::cli
