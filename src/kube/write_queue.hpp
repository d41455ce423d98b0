#pragma once
// Which write is due next, and when: one wish for each entry, the newest; one request in flight for each entry; pauses
// for an entry, for a namespace that RBAC closes, and for a server that is in trouble. Pure: time comes in as an
// argument. What is due is taken in the order in which it became due, so no entry waits for another's trouble.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "kube/apply.hpp"
#include "kube/backoff.hpp"
#include "kube/object_ref.hpp"

namespace meridian::kube {

class WriteQueue {
 public:
  using Time = std::chrono::steady_clock::time_point;
  struct Write {
    ObjectRef entry;
    std::optional<std::string> address;
  };

  // See WriteBack.
  void want(const ObjectRef& entry, const std::optional<std::string>& address,
            const std::optional<std::string>& current, Time now);
  void forget(const std::string& space, const std::string& name);

  // The next write that is due, if any; it is in flight until finish() tells what came of it.
  std::optional<Write> take(Time now);
  // True: `verdict.text` is a refusal that was not told of this entry since its last write went well, nor, if it is
  // RBAC's, of another one in its namespace.
  bool finish(const Write& write, const Verdict& verdict, Time now);

  // When take() is worth a try; empty: not before another want() or finish().
  std::optional<Time> next_due() const;
  std::size_t pending() const { return agenda_.size() + in_flight_; }

 private:
  using Key = std::pair<std::string, std::string>;   // namespace, name
  using Due = std::tuple<Time, std::uint64_t, Key>;  // the number: first come, first served among equals
  enum class Pace : std::uint8_t { Trouble, Refusal, Lost, Server, Space };
  struct Pause {
    Time until{};
    std::optional<Backoff> backoff{};
    Pace pace{};
    Time extend(Pace next, std::optional<std::chrono::seconds> asked, Time now);
  };
  struct Space {
    Pause pause{};
    bool told = false;
  };
  struct Record {
    ObjectRef entry{};
    std::optional<std::string> wish{}, current{}, sent{};
    bool wanted = false;  // false: new, or forgotten while in flight
    bool in_flight = false;
    bool echoed = false;  // the watch has shown what was sent: from then on it knows more than the answer
    std::optional<Due> due{};
    Pause pause{};  // after a write that did not succeed
    Pause lost{};   // after one that did, and that somebody undid
    std::set<std::string> told{};
  };

  void schedule(const Key& key, Record& record, Time due);
  void unschedule(Record& record);
  void hold(const Write& write, const Verdict& verdict, Time now);
  Time again(Record& record, const Verdict& verdict, Time now);
  bool news(Record& record, const Verdict& verdict);

  std::map<Key, Record> records_;
  std::set<Due> agenda_;
  std::uint64_t order_ = 0;
  std::size_t in_flight_ = 0;
  Pause server_;
  std::map<std::string, Space> spaces_;  // those that are closed
};

}  // namespace meridian::kube
