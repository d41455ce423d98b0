#pragma once
// The ServiceEntries of a cluster, or of one of its namespaces, as a reflector tells of them; and what that changes for
// those who were told before.

#include <boost/json/object.hpp>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "source/problem_book.hpp"
#include "source/source.hpp"

namespace meridian::source {

// Control thread, no I/O. The functions of a list and of events are those of kube::Listener, in its order.
class KubeEntries {
 public:
  // `origin`: of every entry, "kubernetes east". `previous`: entries of the last run, in whose place nothing invalid is
  // put; until the first list. `book` outlives it.
  KubeEntries(std::string origin, ProblemBook& book, const std::vector<EntryPtr>& previous);

  void list_begins();
  void listed(boost::json::object object);
  void list_ends();
  void changed(boost::json::object object);
  void deleted(const boost::json::object& object);
  // It is there, but what it says is not known: what was known before stays.
  void skipped(const boost::json::object& identity, const std::string& what);

  // What is different, by value, from what was taken before. Nothing of a list that has not ended.
  struct Changes {
    std::vector<EntryPtr> put;
    std::vector<mesh::EntryKey> removed;
  };
  Changes take_changes();
  bool take_problems_changed();

 private:
  struct Reading {
    std::string version;  // empty: not known
    EntryPtr entry;       // null: `fault` says why
    std::string fault;
    mesh::Warnings warnings;
  };
  struct Row {
    std::string version;  // of the object as last seen, good or not
    EntryPtr now, told;   // null: none that was good
    bool there = false;
  };
  Reading read(boost::json::object object, mesh::EntryKey& key) const;
  bool known(const mesh::EntryKey& key, std::string_view version) const;
  void take(const mesh::EntryKey& key, Reading reading);
  void lose(const mesh::EntryKey& key, Row& row);
  void report(const mesh::EntryKey& key, const std::vector<Problem>& problems);

  const std::string origin_;
  ProblemBook& book_;
  std::map<mesh::EntryKey, EntryPtr> previous_;
  std::map<mesh::EntryKey, Row> rows_;
  std::set<mesh::EntryKey> touched_;   // since take_changes()
  std::set<mesh::EntryKey> reported_;  // to the book, and not mended
  std::vector<Problem> nameless_;      // objects of which nothing is known
  // While a list is told: what is in it; no reading: as it was.
  std::optional<std::map<mesh::EntryKey, std::optional<Reading>>> list_;
  bool problems_changed_ = false;
};

}  // namespace meridian::source
