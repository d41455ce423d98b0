#pragma once
// The ServiceEntries of one text, and what is wrong with it.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "source/file_limits.hpp"
#include "source/source.hpp"

namespace meridian::source {

struct EntriesFile {
  struct Entry {
    EntryPtr entry;        // origin: the path; resource_version: the hash of its document
    std::size_t line = 0;  // where it begins, from 1
  };
  std::vector<Entry> entries;           // in the order of the file; a key once: the first one has it
  std::vector<mesh::EntryKey> invalid;  // entries that can't be served: no broken documents
  std::vector<Problem> problems;        // of all kinds, in the order of the file; bounded
  bool broken = false;                  // some document can't be read: the last good version should stay
};

// Documents of other kinds are ignored; a document without a kind is broken, since half a document often has none.
// `path` is for origins only. Pure.
EntriesFile parse_entries_file(std::string_view text, const std::string& path, const FileLimits& limits);

}  // namespace meridian::source
