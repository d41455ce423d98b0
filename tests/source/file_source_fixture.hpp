#pragma once
// A file source over a real directory, with its loop, and what it told.

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "source/file_source.hpp"

namespace meridian::source {

namespace fs = std::filesystem;

// A directory of its own, removed at the end.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = (fs::temp_directory_path() / "meridian-source-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~TemporaryDirectory() {
    std::error_code error;
    fs::remove_all(path_, error);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  fs::path operator/(const std::string& name) const { return path_ / name; }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

// Written in place, through one descriptor.
inline void write(const fs::path& path, std::string_view text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  REQUIRE(file.flush().good());
}

// As careful programs do it: whole or not at all.
inline void replace(const fs::path& path, std::string_view text) {
  auto temporary = path;
  temporary += ".tmp";
  write(temporary, text);
  fs::rename(temporary, path);
}

inline std::string entry(const std::string& name, const std::string& address) {
  return "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: " + name + "}\nspec:\n  hosts: [" +
         name + ".global]\n  addresses: [" + address + "]\n  resolution: STATIC\n";
}

class Watched {
 public:
  explicit Watched(const fs::path& path, std::vector<EntryPtr> previous = {}, FileLimits limits = {})
      : source_(make_file_source(loop_, "files", path, limits, std::move(previous))) {
    source_->start([this](Update update) { take(std::move(update)); });
    CHECK(updates.empty());
  }

  // Runs the loop until `condition` holds; false: it did not within ten seconds.
  template <class Condition>
  bool until(Condition condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!condition()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      loop_.restart();
      loop_.run_one_for(std::chrono::milliseconds(100));
    }
    return true;
  }
  bool until_synced() {
    return until([this] { return source_->state().synced; });
  }
  // "a=240.0.0.2 b=240.0.0.3": what a listener has, in order.
  std::string held() const {
    std::string text;
    for (const auto& [key, entry] : entries) {
      text += (text.empty() ? "" : " ") + key.name + "=";
      for (const auto& address : entry->addresses) text += address.to_string();
    }
    return text;
  }
  bool until_held(const std::string& text) {
    const bool reached = until([&] { return held() == text; });
    CHECK(held() == text);
    return reached;
  }
  // A problem that holds `words`.
  bool until_problem(const std::string& words) {
    return until([&] { return problem(words) != ""; });
  }
  std::string problem(const std::string& words) const {
    for (const auto& each : source_->state().problems)
      if (const auto text = each.origin + ": " + each.text; text.find(words) != std::string::npos) return text;
    return "";
  }
  // A second look at everything is complete: what was going to be told about the past has been told.
  bool until_rescanned() {
    const auto before = count(Update::Kind::Rescan);
    source_->rescan();
    return until([&] { return count(Update::Kind::Rescan) > before; });
  }
  std::size_t count(Update::Kind kind) const {
    std::size_t n = 0;
    for (const auto& update : updates) n += update.kind == kind;
    return n;
  }
  // How often an entry was put or removed.
  std::size_t told_of(const std::string& name) const {
    const auto found = tellings.find(name);
    return found == tellings.end() ? 0 : found->second;
  }

  Source& source() { return *source_; }

  std::vector<Update> updates;
  std::map<mesh::EntryKey, EntryPtr> entries;
  std::map<std::string, std::size_t> tellings;
  std::size_t removals = 0;

 private:
  void take(Update update) {
    if (update.kind == Update::Kind::Sync) entries.clear();
    for (const auto& each : update.put) {
      entries[each->key] = each;
      ++tellings[each->key.name];
    }
    for (const auto& key : update.removed) {
      CHECK(entries.erase(key) == 1);
      ++tellings[key.name];
      ++removals;
    }
    updates.push_back(std::move(update));
  }

  boost::asio::io_context loop_;
  std::unique_ptr<Source> source_;
};

}  // namespace meridian::source
