#include "kube/regular_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace meridian::kube {
namespace {

[[noreturn]] void fail(const std::filesystem::path& file, const std::string& why) {
  throw UnreadableFile(file.string() + ": " + why);
}

std::string reason(int error) {
  switch (error) {
    case ENOENT:
      return "there is no such file";
    case EACCES:
      return "this process may not read it: give it the right to";
    default:
      return std::generic_category().message(error);
  }
}

struct Descriptor {
  explicit Descriptor(int d) : value(d) {}
  ~Descriptor() {
    if (value >= 0) ::close(value);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  const int value;
};

}  // namespace

std::string read_regular_file(const std::filesystem::path& file, std::size_t limit) {
  const Descriptor open(::open(file.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (open.value < 0) fail(file, reason(errno));
  struct stat status {};
  if (::fstat(open.value, &status) != 0) fail(file, reason(errno));
  if (!S_ISREG(status.st_mode)) fail(file, "it is not a regular file");
  std::string text;
  for (;;) {  // by what comes, not by st_size: it may grow under our hands
    char piece[16384];
    const auto n = ::read(open.value, piece, sizeof piece);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail(file, reason(errno));
    if (n == 0) return text;
    text.append(piece, static_cast<std::size_t>(n));
    if (text.size() > limit) fail(file, "it is longer than " + std::to_string(limit) + " octets");
  }
}

}  // namespace meridian::kube
