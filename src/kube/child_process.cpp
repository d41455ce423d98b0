#include "kube/child_process.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <cstdint>
#include <string_view>

namespace meridian::kube {
namespace {

namespace asio = boost::asio;
using asio::posix::stream_descriptor;
using boost::system::error_code;

constexpr std::size_t kErrorsKept = 8192;  // octets: the end of standard error says why

[[noreturn]] void fail(int error) {
  throw boost::system::system_error(error, boost::system::generic_category());
}

// The reading end is ours and does not block; no child inherits either by accident.
struct Pipe {
  explicit Pipe(const asio::any_io_executor& executor) : reading(executor) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) fail(errno);
    reading.assign(ends[0]);
    writing = ends[1];
    reading.non_blocking(true);
  }
  ~Pipe() { close_writing(); }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  void close_writing() {
    if (writing >= 0) ::close(std::exchange(writing, -1));
  }
  // Takes what is there at this moment, and not what comes meanwhile: who writes without end holds nobody. Whether more
  // can come.
  bool drain() {
    std::array<char, 16384> piece;
    int there = 0;
    ::ioctl(reading.native_handle(), FIONREAD, &there);
    auto left = static_cast<std::size_t>(std::max(there, 1));  // nothing may be the end
    while (left > 0) {
      const auto n = ::read(reading.native_handle(), piece.data(), std::min(left, piece.size()));
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return n < 0 && errno == EAGAIN;
      left -= static_cast<std::size_t>(n);
      text.append(piece.data(), static_cast<std::size_t>(n));
      if (text.size() > 2 * kErrorsKept && keeps_end) text.erase(0, text.size() - kErrorsKept);
      if (text.size() > limit) return false;
    }
    return true;
  }

  stream_descriptor reading;
  int writing = -1;
  std::string text{};
  std::size_t limit = SIZE_MAX;
  bool keeps_end = false;
};

// NAME=VALUE, for execve.
std::vector<std::string> environment_with(const std::vector<std::pair<std::string, std::string>>& added) {
  std::vector<std::string> all;
  for (char** variable = environ; *variable; ++variable) {
    const std::string_view text = *variable;
    const auto name = text.substr(0, text.find('='));
    const bool replaced = std::any_of(added.begin(), added.end(), [&](const auto& a) { return a.first == name; });
    if (!replaced) all.emplace_back(text);
  }
  for (const auto& [name, value] : added) all.push_back(name + "=" + value);
  return all;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> all;
  for (auto& text : texts) all.push_back(text.data());
  all.push_back(nullptr);
  return all;
}

pid_t spawn(const ChildCommand& command, int output, int errors) {
  std::vector<std::string> words{command.program};
  words.insert(words.end(), command.arguments.begin(), command.arguments.end());
  auto variables = environment_with(command.environment);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&files, errors, STDERR_FILENO);
  posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setsigmask(&attributes, &none);  // ours blocks what `meridian serve` waits for
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  pid_t child = -1;
  const int error =
      ::posix_spawnp(&child, words[0].c_str(), &files, &attributes, pointers(words).data(), pointers(variables).data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&files);
  if (error != 0) fail(error);
  return child;
}

class Child : public std::enable_shared_from_this<Child> {
 public:
  using End = ChildOutcome::End;

  Child(const asio::any_io_executor& executor, const ChildCommand& command)
      : output_(executor), errors_(executor), process_(executor), alarm_(executor) {
    output_.limit = command.output_limit;
    errors_.keeps_end = true;
    pid_ = spawn(command, output_.writing, errors_.writing);
    output_.close_writing();
    errors_.close_writing();
    if (const long descriptor = ::syscall(SYS_pidfd_open, pid_, 0); descriptor >= 0) {
      process_.assign(static_cast<int>(descriptor));  // glibc 2.36 has no C++ declaration of pidfd_open
    } else {
      const int error = errno;
      reap();
      fail(error);
    }
    alarm_.expires_after(command.time);
  }
  ~Child() {
    if (pid_ >= 0) reap();
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  // Reads along, so that a full pipe does not hold the child, and keeps its time.
  void follow() {
    follow(output_);
    follow(errors_);
    alarm_.async_wait([self = shared_from_this()](const error_code& error) {
      if (!error) self->end_by_force(End::TooSlow);
    });
  }
  void end_by_force(End why) {
    end_ = why;
    if (pid_ >= 0) ::kill(-pid_, SIGKILL);
  }
  stream_descriptor& process() { return process_; }  // readable when it has ended

  ChildOutcome outcome() {
    // What it wrote is in the pipes now, whoever else holds them: a grandchild may, for ever.
    output_.drain();
    errors_.drain();
    const int status = reap();
    if (end_ == End::Exited && output_.text.size() > output_.limit) end_ = End::TooMuch;
    if (end_ == End::Exited && WIFSIGNALED(status)) end_ = End::Killed;
    return {end_, WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status), std::move(output_.text),
            std::move(errors_.text)};
  }
  // Nobody wants it any more: ends it, and lets the loop reap it. Not here, for a process that hangs in the kernel dies
  // when the kernel lets it.
  void abandon() {
    end_by_force(End::Killed);
    if (has_ended()) reap();
    if (pid_ < 0) return;
    process_.async_wait(stream_descriptor::wait_read, [self = shared_from_this()](const error_code&) {
      if (self->pid_ >= 0) self->reap();
    });
  }
  // Lets go of every other wait, and with them of this object.
  void close() {
    alarm_.cancel();
    output_.reading.close();
    errors_.reading.close();
  }

 private:
  void follow(Pipe& pipe) {
    pipe.reading.async_wait(stream_descriptor::wait_read, [self = shared_from_this(), &pipe](const error_code& error) {
      if (error) return;
      if (pipe.drain()) return self->follow(pipe);
      if (pipe.text.size() > pipe.limit) self->end_by_force(End::TooMuch);
    });
  }
  bool has_ended() const {
    siginfo_t about{};
    return ::waitid(P_PID, static_cast<id_t>(pid_), &about, WEXITED | WNOHANG | WNOWAIT) == 0 && about.si_pid != 0;
  }
  // Does not wait where it has ended; else it is killed here: with the loop that it belongs to, and that is all.
  int reap() {
    ::kill(-pid_, SIGKILL);  // what it left behind
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    return status;
  }

  Pipe output_, errors_;
  stream_descriptor process_;
  asio::steady_timer alarm_;
  pid_t pid_ = -1;
  End end_ = End::Exited;
};

}  // namespace

asio::awaitable<ChildOutcome> run_child(asio::any_io_executor executor, ChildCommand command,
                                        std::shared_ptr<StopList> stops) {
  const auto child = std::make_shared<Child>(executor, command);
  struct Closing {
    Child& child;
    ~Closing() { child.close(); }
  } const closing{*child};
  const StopList::Guard guard(stops, [child] { child->end_by_force(ChildOutcome::End::Killed); });
  child->follow();
  error_code error;
  try {
    co_await child->process().async_wait(stream_descriptor::wait_read,
                                         asio::redirect_error(asio::use_awaitable, error));
    stops->check();
    if (error) throw boost::system::system_error(error);
  } catch (...) {
    child->abandon();
    throw;
  }
  co_return child->outcome();
}

}  // namespace meridian::kube
