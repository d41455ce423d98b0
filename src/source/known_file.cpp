#include "source/known_file.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "source/content_hash.hpp"

namespace meridian::source {
namespace {

// Two writes within one tick of the file system's clock leave the same times: what is younger than this when it is read
// is read again at the next look.
constexpr int kClockTickMs = 100;

}  // namespace

KnownFile::KnownFile(std::filesystem::path path, std::vector<EntryPtr> previous)
    : path_(std::move(path)), has_good_version_(!previous.empty()) {
  for (auto& entry : previous) entries_.push_back({std::move(entry), 0});
}

bool KnownFile::may_differ(const std::optional<FileIdentity>& now) const {
  return uncertain_ || !readable_ || now != identity_;
}

KnownFile::Found KnownFile::refresh(const FileLimits& limits) {
  try {
    const auto file = read_regular_file(path_, limits.file_size);
    const auto hash = content_hash(file.text);
    const bool same = readable_ && identity_ && identity_->size == file.identity.size && hash_ == hash;
    readable_ = true;
    identity_ = file.identity;
    hash_ = hash;
    uncertain_ = file.identity.is_fresh(kClockTickMs);
    if (same) return Found::Same;
    adopt(parse_entries_file(file.text, path_.string(), limits));
    return Found::Different;
  } catch (const FileChanging&) {
    uncertain_ = true;
    return Found::Changing;
  } catch (const FileError& error) {
    const bool same = !readable_ && problems_.size() == 1 && problems_.front().text == error.what();
    readable_ = false;
    problems_ = {{path_.string(), error.what()}};
    return same ? Found::Same : Found::Different;
  }
}

void KnownFile::adopt(EntriesFile parsed) {
  problems_ = std::move(parsed.problems);
  if (parsed.broken && has_good_version_) return;
  has_good_version_ |= !parsed.broken;

  // An invalid entry keeps its last good version (behaviour: from ServiceEntry to names).
  if (!parsed.invalid.empty()) {
    std::map<mesh::EntryKey, const EntriesFile::Entry*> before;
    for (const auto& each : entries_) before.emplace(each.entry->key, &each);
    for (const auto& key : parsed.invalid)
      if (const auto found = before.find(key); found != before.end()) parsed.entries.push_back(*found->second);
  }
  entries_ = std::move(parsed.entries);
}

}  // namespace meridian::source
