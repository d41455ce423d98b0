#pragma once
// When a file that was touched may be read. Half-written YAML can be valid and wrong, so a file is read when its writer
// has closed it or renamed it into place, and otherwise when it has not changed for 200 ms.

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "source/directory_watch.hpp"

namespace meridian::source {

// No clock: time comes in as an argument.
class Settling {
 public:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr std::chrono::milliseconds kQuiet{200};
  // An editor renames the old file away and then writes the new one: what vanished is looked at after this, together
  // with everything else that happened meanwhile, so that no name goes and comes back.
  static constexpr std::chrono::milliseconds kVanished{20};
  // A directory that was created is being filled for at most this long.
  static constexpr std::chrono::milliseconds kFilling{1000};

  void note(const std::string& file, WatchSignal::What what, Time now);
  void directory_created(Time now);
  // A look found the file changed: read it, unless it is known to be being written.
  void request(const std::string& file);
  // A look found the file too young to be sure.
  void expect(const std::string& file, Time now);
  void clear();

  // The next file to read (or to find gone), if any may be now. Each file comes once for all that happened to it.
  std::optional<std::string> next_ready(Time now);
  bool has_ready() const { return !ready_.empty(); }  // now or when the hold ends
  bool has_unsettled() const { return !writing_.empty(); }
  // When next_ready is worth a call; nothing: not before something happens.
  std::optional<Time> wake() const;

 private:
  std::set<std::string> ready_;
  std::map<std::string, Time> writing_;  // and when it counts as complete
  Time hold_until_{}, filling_until_{};
};

}  // namespace meridian::source
