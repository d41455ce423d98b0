#pragma once
// Where ServiceEntries come from, whatever the kind. A source runs on the control thread, owns its retries, and tells
// what changed through one function.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <meridian/mesh/service_entry.hpp>

namespace meridian::source {

using EntryPtr = std::shared_ptr<const mesh::ServiceEntry>;

// An entry that is not served, or a file that could not be read: kept until it is mended, for /status, lint and logs.
struct Problem {
  std::string origin;  // "/etc/meridian/entries/a.yaml:12", or namespace/name
  std::string text;
};

struct Update {
  enum class Kind {
    Sync,    // the complete set, for the first time or anew: what is not in `put` is gone
    Change,  // some entries came, changed or went
    Rescan,  // like Change (often empty), after a second look at everything: confirms removals that were held back
    State,   // only the state changed
  };
  Kind kind = Kind::Change;
  std::vector<EntryPtr> put;
  std::vector<mesh::EntryKey> removed;
};

// How a source that watches an API server is getting on, since the start.
struct Watching {
  std::string version;  // of the API, as served: "v1"; empty: not known yet
  std::uint64_t lists = 0, watches = 0, events = 0;
  std::uint64_t expired = 0;   // 410: listed again
  std::uint64_t failures = 0;  // requests and streams
  std::uint64_t skipped = 0;   // objects that are too large, or no JSON
};

struct State {
  bool synced = false;                                   // a Sync was sent
  bool up = false;                                       // the last look succeeded
  std::chrono::steady_clock::time_point last_contact{};  // of the last look that succeeded
  std::string trouble;                                   // if !up: why, and what to do
  std::vector<Problem> problems;                         // newest last, bounded
  std::optional<Watching> watching;                      // of a cluster
};

class Source {
 public:
  using Sink = std::function<void(Update)>;
  virtual ~Source() = default;
  // Begins; `sink` is called on the control thread, never from inside start().
  virtual void start(Sink sink) = 0;
  // Looks at everything again, soon: ends in an Update of kind Rescan (or State, if it can't look). SIGHUP.
  virtual void rescan() = 0;
  // Deletions of yours are held back by the mass-delete guard: look again by yourself, in your own time; ends in a
  // Rescan. Again while that is due: changes nothing.
  virtual void confirm() = 0;
  virtual void stop() = 0;
  virtual const State& state() const = 0;
  virtual const std::string& name() const = 0;
  virtual std::string describe() const = 0;  // for people: "files /etc/meridian/entries"
};

}  // namespace meridian::source
