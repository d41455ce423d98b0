#pragma once

#include <cstddef>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace meridian::kube {

// The text is "FILE: why", and what to do.
struct UnreadableFile : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// All octets of a regular file of at most `limit`. A FIFO or a device in its place is refused and does not block. For
// small local files: tokens, certificates, kubeconfigs. Throws UnreadableFile.
std::string read_regular_file(const std::filesystem::path& file, std::size_t limit);

}  // namespace meridian::kube
