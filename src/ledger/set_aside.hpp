#pragma once
// Damaged state is moved out of the way and kept: an operator may want to look at it, and nothing of ours deletes it.

#include <filesystem>
#include <string>

namespace meridian::ledger {

// Renames `file` (or whatever has its name) and its -wal, -shm and -journal, those that are there, to
// "<name>.<word>-<UTC time>", e.g. vips.db.corrupt-20250102T030405Z and vips.db-wal.corrupt-20250102T030405Z. Returns
// the new name of `file`. Throws std::filesystem::filesystem_error. Blocks.
std::filesystem::path set_aside(const std::filesystem::path& file, const std::string& word);

}  // namespace meridian::ledger
