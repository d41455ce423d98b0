#pragma once
// One look at the path of a source: what is there, and which directories have to be watched to hear when that changes.

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace meridian::source {

// What to listen for in one directory.
struct WatchedDirectory {
  bool listed = false;                                   // every name in it matters
  std::set<std::string> ways;                            // names that lead on: a change moves all that lies behind
  std::map<std::string, std::set<std::string>> targets;  // a name here is the content of these files of the source
  bool operator==(const WatchedDirectory&) const = default;
};

// By real path. Watching directories and never files: a file inside a ConfigMap mount is replaced by a link's swap that
// a watch on the file does not see.
using WatchPlan = std::map<std::filesystem::path, WatchedDirectory>;

struct Survey {
  enum class Kind { Missing, File, Directory };
  Kind kind = Kind::Missing;
  std::string trouble;              // if Missing: why, and what to do
  std::filesystem::path directory;  // where `names` are, as the source's path spells it
  std::set<std::string> names;      // entries files in it; with Kind::File the one
  WatchPlan plan;
  bool operator==(const Survey&) const = default;
};

// Looks; any thread. Symbolic links are followed component by component, so that each of them is watched where it lies.
Survey survey(const std::filesystem::path& path);

}  // namespace meridian::source
