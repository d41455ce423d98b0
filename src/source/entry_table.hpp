#pragma once
// Which file's version of each entry is in force, and what that changes for those who were told before.

#include <map>
#include <set>
#include <string>
#include <vector>

#include "source/entries_file.hpp"

namespace meridian::source {

// Control thread, no I/O. Files are known by name; where several hold the same key, the one whose name sorts first has
// it.
class EntryTable {
 public:
  // The entries of one file are now these; none: the file is gone.
  void replace(const std::string& file, const std::vector<EntriesFile::Entry>& entries);

  // What is different, by value, from what was taken before.
  struct Changes {
    std::vector<EntryPtr> put;
    std::vector<mesh::EntryKey> removed;
    bool empty() const { return put.empty() && removed.empty(); }
  };
  Changes take_changes();
  // Everything in force, in the order of the keys; counts as taken.
  std::vector<EntryPtr> take_all();

  // One for each entry that another file's version hides, bounded.
  std::vector<Problem> duplicates() const;

 private:
  struct Claim {
    std::string file;
    EntriesFile::Entry entry;
  };
  struct Row {
    std::vector<Claim> claims;  // by file name; the first is in force
    EntryPtr told;
  };
  using Rows = std::map<mesh::EntryKey, Row>;

  void touch(Rows::iterator row);

  Rows rows_;
  std::map<std::string, std::vector<mesh::EntryKey>> keys_of_;
  std::set<mesh::EntryKey> touched_, contested_;
};

}  // namespace meridian::source
