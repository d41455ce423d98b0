#include "source/regular_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>

#include <spdlog/fmt/fmt.h>

namespace meridian::source {
namespace {

constexpr std::int64_t kNanoseconds = 1'000'000'000;

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

FileIdentity identity_of(const struct stat& status) {
  const auto ns = [](const timespec& time) { return time.tv_sec * kNanoseconds + time.tv_nsec; };
  return {status.st_dev, status.st_ino, static_cast<std::uint64_t>(status.st_size), ns(status.st_mtim),
          ns(status.st_ctim)};
}

[[noreturn]] void fail(int error) {
  switch (error) {
    case ENOENT:
      throw FileError("leads nowhere: the file, or what a link points at, does not exist; create or remove it");
    case ELOOP:
      throw FileError("a symbolic link that leads back to itself: remove it");
    case EACCES:
    case EPERM:
      throw FileError("permission denied: make it readable for the user of this process");
    case EMFILE:
    case ENFILE:
      throw FileError("too many open files: raise the limit (ulimit -n, LimitNOFILE=)");
    default:
      throw FileError(fmt::format("can't be read: {}", std::strerror(error)));
  }
}

void check(const struct stat& status, std::uint64_t limit) {
  if (S_ISDIR(status.st_mode)) throw FileError("is a directory: entries are read from files only, not recursively");
  if (!S_ISREG(status.st_mode))
    throw FileError(S_ISFIFO(status.st_mode) ? "is a FIFO, no regular file: replace or remove it"
                                             : "is a device or socket, no regular file: replace or remove it");
  if (static_cast<std::uint64_t>(status.st_size) > limit)
    throw FileError(fmt::format("has {} octets, {} are allowed: split it, or raise limits: file-size",
                                static_cast<std::uint64_t>(status.st_size), limit));
}

struct stat status_of(int fd) {
  struct stat status;
  if (::fstat(fd, &status) != 0) fail(errno);
  return status;
}

}  // namespace

bool FileIdentity::is_fresh(int ms) const {
  timespec time;
  ::clock_gettime(CLOCK_REALTIME, &time);
  const auto now = time.tv_sec * kNanoseconds + time.tv_nsec;
  const auto youngest = changed_ns > modified_ns ? changed_ns : modified_ns;
  return youngest <= now && now - youngest < ms * 1'000'000LL;
}

std::optional<FileIdentity> identify(const std::filesystem::path& path) {
  struct stat status;
  if (::stat(path.c_str(), &status) != 0) return std::nullopt;
  return identity_of(status);
}

FileText read_regular_file(const std::filesystem::path& path, std::uint64_t limit) {
  struct stat before_open;
  if (::stat(path.c_str(), &before_open) != 0) fail(errno);
  check(before_open, limit);  // opening some devices has effects

  const Descriptor file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (file.get() < 0) fail(errno);
  const auto status = status_of(file.get());
  check(status, limit);  // it may be another file by now; O_NONBLOCK keeps a FIFO from holding us

  // One octet more than it should have: to see the end, and that it grows.
  FileText read{identity_of(status), std::string(static_cast<std::size_t>(status.st_size) + 1, '\0')};
  std::size_t length = 0;
  while (length < read.text.size()) {
    const auto got = ::read(file.get(), read.text.data() + length, read.text.size() - length);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail(errno);
    if (got == 0) break;
    length += static_cast<std::size_t>(got);
  }
  read.text.resize(length);
  if (length != read.identity.size || identity_of(status_of(file.get())) != read.identity)
    throw FileChanging("changed while it was read: waiting for the writer to finish");
  return read;
}

}  // namespace meridian::source
