#pragma once
// Reading a file that anybody may have put there: never waits, never reads a device, never reads more than allowed.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>

namespace meridian::source {

// What changes when the content does, as far as the kernel tells (its clock ticks every few ms: see `is_fresh`).
struct FileIdentity {
  std::uint64_t device = 0, inode = 0, size = 0;
  std::int64_t modified_ns = 0, changed_ns = 0;  // unix time
  bool operator==(const FileIdentity&) const = default;

  // Whether the file was touched within the last `ms` milliseconds, by the clock of the machine; a time in the future
  // is not fresh, since nobody knows what it means.
  bool is_fresh(int ms) const;
};

// Nothing if `path` does not lead to anything (missing, dangling, a loop, no permission on the way).
std::optional<FileIdentity> identify(const std::filesystem::path& path);

// What is wrong with a file, in one sentence with what to do; the caller names the file.
struct FileError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Somebody is writing: look again when they have finished.
struct FileChanging : FileError {
  using FileError::FileError;
};

struct FileText {
  FileIdentity identity;
  std::string text;
};

// Reads all of it. Symbolic links are followed (a ConfigMap is made of them). Throws FileError if it can't be opened,
// is no regular file or is larger than `limit` octets, FileChanging if it changed while it was read. Blocks for as long
// as the disk does.
FileText read_regular_file(const std::filesystem::path& path, std::uint64_t limit);

}  // namespace meridian::source
