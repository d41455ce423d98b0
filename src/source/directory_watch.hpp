#pragma once
// inotify, as far as a source needs it.

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "source/survey.hpp"

struct inotify_event;

namespace meridian::source {

// What happened since the last signal, by file of the source (names that are no entries files too).
struct WatchSignal {
  enum class What {
    Settled,   // closed after writing, or renamed into place: complete
    Written,   // created or written to, and perhaps not complete
    Touched,   // permissions or times changed
    Vanished,  // deleted or renamed away
  };
  std::map<std::string, What> files;
  bool moved = false;      // something on the way to files changed, or events were lost: survey again
  bool unsettled = false;  // ... and files behind it may still be being written, unlike after a rename
  bool created = false;    // ... because a directory was created, which somebody may be filling
};

// Control thread. Tells of changes below the directories of the plan, in batches as the kernel hands them out. Without
// inotify (EMFILE, ENOSPC) it stays silent and `trouble` says so.
class DirectoryWatch {
 public:
  using Sink = std::function<void(WatchSignal)>;
  DirectoryWatch(boost::asio::io_context& loop, Sink sink);
  ~DirectoryWatch();
  DirectoryWatch(const DirectoryWatch&) = delete;
  DirectoryWatch& operator=(const DirectoryWatch&) = delete;

  // Watches this and nothing else. Directories that are in both plans stay watched all along.
  void set(const WatchPlan& plan);
  // Empty, or why changes are seen by rescans only, and what to do.
  const std::string& trouble() const { return trouble_; }

 private:
  void wait();
  void drain();
  void read_event(const inotify_event& event, const char* name, WatchSignal& signal);

  boost::asio::posix::stream_descriptor descriptor_;
  const Sink sink_;
  std::map<int, WatchedDirectory> watched_;  // by watch descriptor
  std::string trouble_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // tells a late handler that we are gone
};

}  // namespace meridian::source
