#pragma once
// What a unit does when epoll takes no more descriptors, for tests.

#include <fcntl.h>
#include <unistd.h>

#include <cstddef>
#include <filesystem>
#include <iterator>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace meridian::test {

// How many this process has open, and one more to look.
inline std::size_t descriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

// While it lives, something else has the numbers of all epolls of this process, so that they take nothing. No loop may
// run meanwhile.
class RefusingEpoll {
 public:
  RefusingEpoll() {
    std::vector<int> numbers;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
      std::error_code gone;
      if (std::filesystem::read_symlink(entry, gone) == "anon_inode:[eventpoll]")
        numbers.push_back(std::stoi(entry.path().filename()));
    }
    const int nothing = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    for (const int number : numbers) {
      kept_.emplace_back(number, ::fcntl(number, F_DUPFD_CLOEXEC, 0));
      ::dup3(nothing, number, O_CLOEXEC);
    }
    ::close(nothing);
  }
  ~RefusingEpoll() {
    for (const auto& [number, kept] : kept_) {
      ::dup3(kept, number, O_CLOEXEC);
      ::close(kept);
    }
  }
  RefusingEpoll(const RefusingEpoll&) = delete;
  RefusingEpoll& operator=(const RefusingEpoll&) = delete;

 private:
  std::vector<std::pair<int, int>> kept_;
};

}  // namespace meridian::test
