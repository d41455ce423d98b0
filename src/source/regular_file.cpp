#include "source/regular_file.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <utility>

#include <spdlog/fmt/fmt.h>

#include "config/regular_file.hpp"

namespace meridian::source {
namespace {

constexpr std::int64_t kNanoseconds = 1'000'000'000;

FileIdentity identity_of(const struct stat& status) {
  const auto ns = [](const timespec& time) { return time.tv_sec * kNanoseconds + time.tv_nsec; };
  return {status.st_dev, status.st_ino, static_cast<std::uint64_t>(status.st_size), ns(status.st_mtim),
          ns(status.st_ctim)};
}

std::string reason(int error) {
  switch (error) {
    case ENOENT:
      return "leads nowhere: the file, or what a link points at, does not exist; create or remove it";
    case ELOOP:
      return "a symbolic link that leads back to itself: remove it";
    case EACCES:
    case EPERM:
      return "permission denied: make it readable for the user of this process";
    case EMFILE:
    case ENFILE:
      return "too many open files: raise the limit (ulimit -n, LimitNOFILE=)";
    default:
      return fmt::format("can't be read: {}", std::strerror(error));
  }
}

std::string reason(const config::FileFault& fault, std::uint64_t limit) {
  switch (fault.kind) {
    case config::FileFault::Kind::NotRegular:
      if (S_ISDIR(fault.mode)) return "is a directory: entries are read from files only, not recursively";
      return S_ISFIFO(fault.mode) ? "is a FIFO, no regular file: replace or remove it"
                                  : "is a device or socket, no regular file: replace or remove it";
    case config::FileFault::Kind::TooLong:
      return fmt::format("has {} octets, {} are allowed: split it, or raise limits: file-size", fault.size, limit);
    case config::FileFault::Kind::System:
      break;
  }
  return reason(fault.error);
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
  try {
    auto file = config::read_regular_file(path, limit);
    if (file.changed) throw FileChanging("changed while it was read: waiting for the writer to finish");
    return {identity_of(file.status), std::move(file.text)};
  } catch (const config::FileFault& fault) {
    throw FileError(reason(fault, limit));
  }
}

}  // namespace meridian::source
