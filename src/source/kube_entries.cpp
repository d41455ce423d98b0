#include "source/kube_entries.hpp"

#include <spdlog/fmt/fmt.h>

#include <boost/json/value.hpp>
#include <memory>
#include <utility>

#include "kube/object_reader.hpp"

namespace meridian::source {
namespace {

namespace json = boost::json;

constexpr const char* kNameless = "objects without a name";
constexpr std::size_t kMostNameless = 100;

// As mesh::decode() reads it, without reading the rest.
mesh::EntryKey key_of(const json::object& object) {
  const auto space = kube::metadata_of(object, "namespace");
  return {std::string(space.empty() ? "default" : space), std::string(kube::metadata_of(object, "name"))};
}

}  // namespace

KubeEntries::KubeEntries(std::string origin, ProblemBook& book, const std::vector<EntryPtr>& previous)
    : origin_(std::move(origin)), book_(book) {
  for (const auto& entry : previous) previous_[entry->key] = entry;
}

void KubeEntries::list_begins() {
  list_.emplace();
  nameless_.clear();
}

void KubeEntries::listed(json::object object) {
  auto key = key_of(object);
  if (known(key, kube::metadata_of(object, "resourceVersion"))) {
    list_->insert_or_assign(std::move(key), std::nullopt);
  } else {
    auto reading = read(std::move(object), key);
    list_->insert_or_assign(std::move(key), std::move(reading));
  }
}

void KubeEntries::list_ends() {
  auto list = std::move(*list_);
  list_.reset();
  for (auto& [key, reading] : list)
    if (reading) take(key, *std::move(reading));
  for (auto& [key, row] : rows_)
    if (row.there && !list.contains(key)) lose(key, row);
  problems_changed_ |= book_.set(kNameless, nameless_);
  previous_.clear();
}

void KubeEntries::changed(json::object object) {
  auto key = key_of(object);
  if (known(key, kube::metadata_of(object, "resourceVersion"))) return;  // a watch that began anew tells it again
  auto reading = read(std::move(object), key);
  take(key, std::move(reading));
}

void KubeEntries::deleted(const json::object& object) {
  const auto row = rows_.find(key_of(object));
  if (row != rows_.end() && row->second.there) lose(row->first, row->second);
}

void KubeEntries::skipped(const json::object& identity, const std::string& what) {
  const auto key = key_of(identity);
  if (key.name.empty()) {
    if (nameless_.size() < kMostNameless) nameless_.push_back({origin_, "an object " + what});
    if (!list_) problems_changed_ |= book_.set(kNameless, nameless_);
    return;
  }
  Reading reading{std::string(kube::metadata_of(identity, "resourceVersion")), nullptr, "it " + what, {}};
  if (list_) {
    list_->insert_or_assign(key, std::move(reading));
  } else {
    take(key, std::move(reading));
  }
}

bool KubeEntries::known(const mesh::EntryKey& key, std::string_view version) const {
  const auto row = rows_.find(key);
  return row != rows_.end() && row->second.there && !version.empty() && row->second.version == version;
}

KubeEntries::Reading KubeEntries::read(json::object object, mesh::EntryKey& key) const {
  Reading reading;
  reading.version = kube::metadata_of(object, "resourceVersion");
  auto decoded = mesh::decode(json::value(std::move(object)));
  key = std::move(decoded.key);
  reading.warnings = std::move(decoded.warnings);
  reading.fault = std::move(decoded.problem);
  if (decoded.entry) {
    decoded.entry->origin = origin_;
    reading.entry = std::make_shared<const mesh::ServiceEntry>(*std::move(decoded.entry));
  }
  return reading;
}

void KubeEntries::take(const mesh::EntryKey& key, Reading reading) {
  auto& row = rows_[key];
  row.there = true;
  row.version = std::move(reading.version);
  std::vector<Problem> problems;
  const auto name = key.to_text();
  for (const auto& warning : reading.warnings) problems.push_back({name, warning});
  if (reading.entry) {
    row.now = std::move(reading.entry);
  } else {
    const auto before = previous_.find(key);
    if (!row.now && before != previous_.end()) row.now = before->second;
    problems.push_back({name, fmt::format("{}: {}", row.now ? "stays as it was" : "is not served", reading.fault)});
  }
  touched_.insert(key);
  report(key, problems);
}

void KubeEntries::lose(const mesh::EntryKey& key, Row& row) {
  row.there = false;
  row.now = nullptr;
  touched_.insert(key);
  report(key, {});
}

void KubeEntries::report(const mesh::EntryKey& key, const std::vector<Problem>& problems) {
  const bool had = reported_.contains(key);
  if (problems.empty() && !had) return;  // nearly always: the book is searched for nobody
  problems_changed_ |= book_.set(key.to_text(), problems);
  if (problems.empty()) {
    reported_.erase(key);
  } else {
    reported_.insert(key);
  }
}

KubeEntries::Changes KubeEntries::take_changes() {
  Changes changes;
  for (const auto& key : std::exchange(touched_, {})) {
    const auto found = rows_.find(key);
    auto& row = found->second;
    if (row.now && (!row.told || *row.told != *row.now)) changes.put.push_back(row.now);
    if (!row.now && row.told) changes.removed.push_back(key);
    row.told = row.now;
    if (!row.there) rows_.erase(found);
  }
  return changes;
}

bool KubeEntries::take_problems_changed() {
  return std::exchange(problems_changed_, false);
}

}  // namespace meridian::source
