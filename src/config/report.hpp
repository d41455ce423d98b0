#pragma once
// Gathers what is wrong in one file while it is read and checked.

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <meridian/config/config.hpp>
#include "document.hpp"

namespace meridian::config {

// Values are named by path, "vip.pools[0]" or "forward.timeout"; the path of the whole file is "".
class Report {
 public:
  // `budget`: how many values may be looked at, see spend().
  Report(std::string_view file, std::size_t budget) : file_(file), budget_(budget) {}

  void error(std::string_view path, Place place, std::string text);
  void warning(Place place, std::string text);
  // The value at `path` was read, from here.
  void accept(std::string path, Place place) { accepted_.insert_or_assign(std::move(path), place); }

  // Nothing at `path` or below it was wrong: its value, written or default, is worth checking against others.
  bool sound(std::string_view path) const;
  // Where the value at `path` was written; nothing: it is a default.
  std::optional<Place> written(std::string_view path) const;
  // The first of `paths` that was written, or the whole file: where to report that values don't agree.
  Place blame(std::initializer_list<std::string_view> paths) const;

  // Pays for looking at `values` more; false: more than the file can hold without aliases to aliases (which would keep
  // us busy for hours). Reported once; the caller reads no further.
  bool spend(std::size_t values, Place place);

  // In the order of the file.
  std::vector<Problem> take_errors();
  std::vector<Problem> take_warnings();

 private:
  std::string file_;
  std::size_t budget_;
  std::vector<Problem> errors_, warnings_;
  std::map<std::string, Place, std::less<>> accepted_;
  std::set<std::string, std::less<>> broken_;  // paths of errors
};

// Control characters as \xNN: a message is one line, and does nothing to the terminal it is shown on.
std::string escape(std::string_view text);
// A text from the file as it may stand in a message: escaped, in quotes, cut when it is long.
std::string quote(std::string_view text);

}  // namespace meridian::config
