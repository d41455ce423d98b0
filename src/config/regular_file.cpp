#include "regular_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace meridian::config {
namespace {

using Kind = FileFault::Kind;

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

void must(int result) {
  if (result < 0) throw FileFault(Kind::System, static_cast<std::uint64_t>(errno));
}

void check(const struct stat& status, std::uint64_t limit) {
  if (!S_ISREG(status.st_mode)) throw FileFault(Kind::NotRegular, status.st_mode);
  const auto size = static_cast<std::uint64_t>(status.st_size);
  if (size > limit) throw FileFault(Kind::TooLong, size);
}

bool same(const timespec& a, const timespec& b) {
  return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

}  // namespace

RegularFile read_regular_file(const std::filesystem::path& path, std::uint64_t limit) {
  RegularFile file;
  must(::stat(path.c_str(), &file.status));
  check(file.status, limit);  // opening some devices has effects
  const Descriptor open(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  must(open.get());
  must(::fstat(open.get(), &file.status));
  check(file.status, limit);  // it may be another file by now; O_NONBLOCK keeps a FIFO from holding us

  // By what comes, not by st_size: it may grow under our hands, and files of the kernel have none.
  std::size_t length = 0;
  file.text.resize(static_cast<std::size_t>(file.status.st_size) + 1);
  for (;;) {
    const auto got = ::read(open.get(), file.text.data() + length, file.text.size() - length);
    if (got < 0 && errno == EINTR) continue;
    must(static_cast<int>(std::min<ssize_t>(got, 0)));
    if (got == 0) break;
    length += static_cast<std::size_t>(got);
    if (length > limit) throw FileFault(Kind::TooLong, length);
    if (length == file.text.size()) file.text.resize(2 * length);
  }
  file.text.resize(length);

  struct stat after {};
  must(::fstat(open.get(), &after));
  file.changed = length != static_cast<std::size_t>(file.status.st_size) || after.st_size != file.status.st_size ||
                 !same(after.st_mtim, file.status.st_mtim) || !same(after.st_ctim, file.status.st_ctim);
  return file;
}

}  // namespace meridian::config
