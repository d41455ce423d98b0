#pragma once
// What a unit does when the process may open no more, for tests.

#include <sys/resource.h>
#include <unistd.h>

#include <cstddef>
#include <vector>

namespace meridian::test {

// While it lives, this process can open no more than `more` descriptors.
class FewDescriptors {
 public:
  explicit FewDescriptors(std::size_t more) {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    // The kernel gives the lowest number that is free: the gaps are filled, so that the limit is what counts.
    do held_.push_back(::dup(0));
    while (held_.size() < 64);
    rlimit less = before_;
    less.rlim_cur = static_cast<rlim_t>(held_.back()) + 1;
    ::setrlimit(RLIMIT_NOFILE, &less);
    for (; more > 0; --more) {
      ::close(held_.back());
      held_.pop_back();
    }
  }
  ~FewDescriptors() {
    ::setrlimit(RLIMIT_NOFILE, &before_);
    for (const int descriptor : held_) ::close(descriptor);
  }
  FewDescriptors(const FewDescriptors&) = delete;
  FewDescriptors& operator=(const FewDescriptors&) = delete;

 private:
  rlimit before_{};
  std::vector<int> held_;
};

}  // namespace meridian::test
