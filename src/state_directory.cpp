#include "state_directory.hpp"

#include <spdlog/fmt/fmt.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace meridian {

void prepare_state_directory(const std::filesystem::path& directory) {
  std::error_code error;
  const bool existed = std::filesystem::exists(directory, error);
  if (!existed) std::filesystem::create_directories(directory, error);
  if (error || !std::filesystem::is_directory(directory, error)) {
    throw std::runtime_error(
        fmt::format("state: {} can't be created ({}): create it for the user that runs meridian, or set `state` to a "
                    "directory that can be written",
                    directory.string(), error ? error.message() : "something else is there"));
  }
  if (!existed) ::chmod(directory.c_str(), 0700);
  if (::access(directory.c_str(), W_OK) == 0) return;
  const int why = errno;
  // A directory that can only be read still has the VIPs of the last run: they are answered, new ones wait.
  for (const char* vips : {"vips.db", "vips-mirror.db"})
    if (std::filesystem::exists(directory / vips, error)) return;
  throw std::runtime_error(fmt::format(
      "state: {} can't be written ({}): give it to the user that runs meridian, or set `state` to another directory",
      directory.string(), std::strerror(why)));
}

}  // namespace meridian
