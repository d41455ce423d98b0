#include "source/directory_watch.hpp"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <spdlog/fmt/fmt.h>

namespace meridian::source {
namespace {

constexpr std::uint32_t kNames = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB;
constexpr std::uint32_t kContents = IN_CLOSE_WRITE | IN_MODIFY;
constexpr std::uint32_t kItself = IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;

std::uint32_t mask_for(const WatchedDirectory& directory) {
  const bool has_files = directory.listed || !directory.targets.empty();
  return kItself | kNames | (has_files ? kContents : 0);
}

std::string why_not(int error) {
  switch (error) {
    case EMFILE:
      return "inotify: too many instances: raise fs.inotify.max_user_instances; until then a change is seen within a "
             "minute";
    case ENOSPC:
      return "inotify: too many watches: raise fs.inotify.max_user_watches; until then a change is seen within a "
             "minute";
    default:
      return fmt::format("inotify: {}; a change is seen within a minute", std::strerror(error));
  }
}

void note(WatchSignal& signal, const std::string& file, std::uint32_t mask) {
  using enum WatchSignal::What;
  if (mask & IN_ATTRIB)
    signal.files.try_emplace(file, Touched);  // says nothing about what is being written
  else if (mask & (IN_CLOSE_WRITE | IN_MOVED_TO))
    signal.files[file] = Settled;
  else if (mask & (IN_CREATE | IN_MODIFY))
    signal.files[file] = Written;
  else if (mask & (IN_DELETE | IN_MOVED_FROM))
    signal.files[file] = Vanished;
}

}  // namespace

DirectoryWatch::DirectoryWatch(boost::asio::io_context& loop, Sink sink) : descriptor_(loop), sink_(std::move(sink)) {
  const int fd = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (fd < 0) {
    trouble_ = why_not(errno);
    return;
  }
  descriptor_.assign(fd);
  wait();
}

DirectoryWatch::~DirectoryWatch() = default;

void DirectoryWatch::set(const WatchPlan& plan) {
  if (!descriptor_.is_open()) return;
  trouble_.clear();
  auto old = std::exchange(watched_, {});
  for (const auto& [path, directory] : plan) {
    // The same directory has the same descriptor, whatever it is called: no event is lost in between.
    const int wd = ::inotify_add_watch(descriptor_.native_handle(), path.c_str(), mask_for(directory));
    if (wd >= 0) {
      auto& entry = watched_[wd];
      entry.listed |= directory.listed;
      entry.ways.insert(directory.ways.begin(), directory.ways.end());
      for (const auto& [name, files] : directory.targets) entry.targets[name].insert(files.begin(), files.end());
      old.erase(wd);
    } else if (errno == ENOSPC || errno == ENOMEM) {
      trouble_ = why_not(errno);
    }  // EACCES, ENOENT: cannot be watched; a watch above it, or a rescan, sees what changes
  }
  for (const auto& [wd, directory] : old) ::inotify_rm_watch(descriptor_.native_handle(), wd);
}

void DirectoryWatch::wait() {
  descriptor_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                         [this, alive = std::weak_ptr<bool>(alive_)](boost::system::error_code error) {
                           if (error || alive.expired()) return;
                           drain();
                           if (!alive.expired()) wait();
                         });
}

void DirectoryWatch::drain() {
  WatchSignal signal;
  alignas(inotify_event) std::array<char, 1 << 16> buffer;
  // At most a queue's worth, so that a directory that never rests does not stop the loop.
  for (int turn = 0; turn < 16; ++turn) {
    const auto got = ::read(descriptor_.native_handle(), buffer.data(), buffer.size());
    if (got <= 0) break;
    for (ssize_t at = 0; at < got;) {
      inotify_event event;
      std::memcpy(&event, buffer.data() + at, sizeof event);
      read_event(event, event.len ? buffer.data() + at + sizeof event : "", signal);
      at += static_cast<ssize_t>(sizeof event + event.len);
    }
  }
  if (signal.moved || !signal.files.empty()) sink_(std::move(signal));
}

void DirectoryWatch::read_event(const inotify_event& event, const char* name, WatchSignal& signal) {
  if (event.mask & IN_Q_OVERFLOW) {
    signal.moved = signal.unsettled = true;
    return;
  }
  const auto found = watched_.find(event.wd);
  if (found == watched_.end()) return;  // of a watch that is no more
  if (event.mask & IN_IGNORED) {        // the kernel dropped it: the directory is gone
    watched_.erase(found);
    signal.moved = true;
    return;
  }
  if (*name == '\0') {
    signal.moved = true;
    return;
  }
  const auto& directory = found->second;
  if (directory.ways.contains(name)) {
    signal.moved = true;
    signal.unsettled |= (event.mask & IN_CREATE) != 0;
    signal.created |= (event.mask & IN_CREATE) && (event.mask & IN_ISDIR);
  }
  if (const auto files = directory.targets.find(name); files != directory.targets.end()) {
    for (const auto& file : files->second) note(signal, file, event.mask);
    // The name may be a link the next time, or a file where a link was.
    signal.moved |= (event.mask & (IN_CREATE | IN_MOVED_TO)) != 0;
  }
  if (directory.listed) note(signal, name, event.mask);
}

}  // namespace meridian::source
