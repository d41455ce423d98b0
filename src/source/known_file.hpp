#pragma once
// One file as it was last seen, and its last good version.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "source/entries_file.hpp"
#include "source/regular_file.hpp"

namespace meridian::source {

// Control thread. What is served of a file never depends on how it came to be broken: its last good version stays whole
// until there is a better one; before the first good version (and without one of the last run) its good documents are
// served.
class KnownFile {
 public:
  // `previous`: entries of the last run that came from this path; the last good version, if there are any.
  KnownFile(std::filesystem::path path, std::vector<EntryPtr> previous);

  // Whether a look at the file may show something new.
  bool may_differ(const std::optional<FileIdentity>& now) const;
  enum class Found {
    Same,       // nothing new
    Different,  // entries or problems may be others now
    Changing,   // somebody is writing: look again later
  };
  // Reads the file, and parses it if the content is not the one of last time.
  Found refresh(const FileLimits& limits);

  const std::vector<EntriesFile::Entry>& entries() const { return entries_; }
  const std::vector<Problem>& problems() const { return problems_; }
  bool readable() const { return readable_; }  // the last refresh could read it, whatever it found

 private:
  void adopt(EntriesFile parsed);

  const std::filesystem::path path_;
  std::vector<EntriesFile::Entry> entries_;
  std::vector<Problem> problems_;
  bool has_good_version_ = false;
  bool readable_ = false;
  std::optional<FileIdentity> identity_;  // of the content that was read last
  std::uint64_t hash_ = 0;
  bool uncertain_ = true;  // the identity is too young to be trusted
};

}  // namespace meridian::source
