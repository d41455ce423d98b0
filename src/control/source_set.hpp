#pragma once
// The sources of the configuration, what each of them holds, and what of their news may pass: the first sync is
// compared with the last run's snapshot, and deletions go by the guard. Control thread only.

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <meridian/config/config.hpp>
#include <meridian/mesh/merge.hpp>

#include "control/mass_delete_guard.hpp"
#include "source/snapshot.hpp"
#include "source/source.hpp"

namespace meridian::control {

// Entries of one source that changed and may take effect.
struct Accepted {
  unsigned rank = 0;  // of the source in the configuration
  std::vector<source::EntryPtr> put;
  std::vector<mesh::EntryKey> removed;
};

class SourceSet {
 public:
  // What the set needs to know of the model, to judge deletions.
  struct View {
    // Hosts of each owned zone, as published; `counted` takes in what was accepted a moment ago, and is slower.
    std::function<HostCounts(bool counted)> present;
    // The owned zone of a host, if no entry but those in `going` names it; empty: it stays, or it is in no owned zone.
    std::function<std::string(const std::string& host, const std::set<mesh::EntryKey>& going)> lost;
  };

  // `accept` is called on the control thread, never from inside the constructor.
  SourceSet(boost::asio::io_context& loop, View view, std::function<void(Accepted)> accept,
            std::function<void(source::Snapshot::Write)> save);
  ~SourceSet();

  // Starts what is new in the configuration and stops what is gone. Sources that stay keep what they hold; accept()
  // hears of those whose rank changed. `last_run`: from the snapshot, at the first call.
  void configure(const config::Config& config, const std::vector<source::Snapshot::Contents::OfSource>& last_run);
  // Every source looks again: what that confirms is not held back any longer (SIGHUP).
  void rescan();
  void stop();

  // Every source has synced, or serves its last run's entries.
  bool complete() const;
  // Every source has synced, and its last look succeeded.
  bool current() const;

  struct Status {
    std::string name;
    std::string kind;  // "files /etc/meridian/entries"
    source::State state;
    double age = 0;      // seconds since it was last seen to be right; since its start, if it never was
    bool stale = false;  // serves the last run's entries: no sync yet
    std::size_t entries = 0;
    std::size_t held = 0;  // deletions that the guard holds back
  };
  std::vector<Status> status() const;
  const source::State* state(const std::string& source) const;  // null: no such source
  // All contents, as writes that replace what the snapshot has.
  std::vector<source::Snapshot::Write> everything() const;
  std::uint64_t guard_trips() const { return guard_trips_; }

 private:
  struct Slot;
  struct News {
    std::vector<source::EntryPtr> put;
    std::vector<mesh::EntryKey> removed;
  };
  std::shared_ptr<Slot> start(const config::Source& source, const config::Limits& limits,
                              std::vector<source::EntryPtr> last_run);
  static const Slot* replaced_by(const config::Source& settings, const std::vector<std::shared_ptr<Slot>>& before);
  void on_update(Slot& slot, source::Update update);
  void use_last_run(Slot& slot);
  void hold(Slot& slot, News& news);
  void pass(Slot& slot, source::Update::Kind kind, News news);
  bool guard_allows(const Slot& slot, const News& news, bool first_sync);
  static std::vector<mesh::EntryKey> keys_of(const Slot& slot);
  static std::vector<source::EntryPtr> entries_of(const Slot& slot);
  static News release_held(Slot& slot);
  static std::vector<mesh::EntryKey> missing(const Slot& slot, const std::vector<source::EntryPtr>& list);
  static std::vector<std::string> lost_hosts(const Slot& slot, const mesh::ServiceEntry& entry);

  boost::asio::io_context& loop_;
  View view_;
  std::function<void(Accepted)> accept_;
  std::function<void(source::Snapshot::Write)> save_;
  MassDeleteGuard guard_{50};
  std::vector<std::shared_ptr<Slot>> slots_;  // by rank; shared with nobody but their timers, weakly
  std::uint64_t guard_trips_ = 0;
};

}  // namespace meridian::control
