#pragma once
// Notices that a file has become another one: its content was rewritten, it was replaced by a rename, or a symbolic
// link on the way to it was swapped (a ConfigMap mount's ..data).

#include <sys/stat.h>

#include <chrono>
#include <filesystem>

namespace meridian::upstream {

class ResolvConfWatch {
 public:
  using Time = std::chrono::steady_clock::time_point;

  explicit ResolvConfWatch(std::filesystem::path file) : file_(std::move(file)) {}
  const std::filesystem::path& file() const { return file_; }

  // True the first time, when the file is another one than at the last look, and at the look behind each of these: it
  // may have been read half-written, or have been written again within the same tick of the kernel's clock, which
  // leaves no trace in its times. Looks at most once in kInterval, so it can be asked with every question. Blocking:
  // one stat(2).
  bool changed(Time now) {
    if (now < next_) return false;
    return look(now);
  }

  static constexpr std::chrono::seconds kInterval{1};

 private:
  struct Identity {
    dev_t device = 0;
    ino_t inode = 0;
    off_t size = -1;  // -1: not there
    timespec modified{};
    bool operator==(const Identity& other) const;
  };
  bool look(Time now);
  Identity identify() const;

  std::filesystem::path file_;
  Identity seen_;
  Time next_ = Time::min();
  bool again_ = true;
};

}  // namespace meridian::upstream
