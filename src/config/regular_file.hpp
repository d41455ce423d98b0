#pragma once
// Reading a file that anybody may have put there: never waits, never opens a device, never reads more than allowed. For
// every room that reads files; what went wrong each of them says in its own words.

#include <sys/stat.h>

#include <cstdint>
#include <exception>
#include <filesystem>
#include <string>

namespace meridian::config {

struct RegularFile {
  struct stat status {};
  std::string text;
  bool changed = false;  // somebody wrote while it was read: the text may be half of each
};

struct FileFault : std::exception {
  enum class Kind : std::uint8_t {
    System,      // `error` is errno
    NotRegular,  // `mode` is st_mode
    TooLong,     // `size` octets, at least
  };
  FileFault(Kind what_kind, std::uint64_t detail) : kind(what_kind) {
    if (kind == Kind::System) error = static_cast<int>(detail);
    if (kind == Kind::NotRegular) mode = static_cast<mode_t>(detail);
    if (kind == Kind::TooLong) size = detail;
  }
  const char* what() const noexcept override { return "a file that can't be read"; }
  Kind kind;
  int error = 0;
  mode_t mode = 0;
  std::uint64_t size = 0;
};

// All of it, of at most `limit` octets. Symbolic links are followed: a ConfigMap is made of them. Throws FileFault.
// Blocks for as long as the disk does.
RegularFile read_regular_file(const std::filesystem::path& path, std::uint64_t limit);

}  // namespace meridian::config
