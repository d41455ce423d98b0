#pragma once
// A ledger in a directory of its own, which goes with it.

#include <doctest/doctest.h>
#include <stdlib.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "ledger/sqlite_ledger.hpp"

namespace meridian::ledger {

namespace fs = std::filesystem;

inline std::string octets_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline void write_octets(const fs::path& file, const std::string& octets) {
  std::ofstream(file, std::ios::binary | std::ios::trunc) << octets;
}

class SqliteScratch {
 public:
  SqliteScratch() : name_((fs::temp_directory_path() / "ledger_test.XXXXXX").string()) {
    REQUIRE(::mkdtemp(name_.data()));
  }
  SqliteScratch(const SqliteScratch&) = delete;
  SqliteScratch& operator=(const SqliteScratch&) = delete;
  ~SqliteScratch() {
    disk_.join();
    std::error_code ignored;
    fs::remove_all(name_, ignored);
  }

  fs::path directory() const { return name_; }
  fs::path state() const { return directory() / "state"; }
  fs::path file() const { return state() / "vips.db"; }
  std::unique_ptr<Ledger> open() { return make_sqlite_ledger(disk_, file()); }
  boost::asio::io_context& control() { return control_; }

  // The names in the state directory that tell of something set aside: "corrupt", "replaced".
  std::vector<fs::path> set_aside(const std::string& word) const {
    std::vector<fs::path> found;
    for (const auto& entry : fs::directory_iterator(state())) {
      if (entry.path().filename().string().rfind("vips.db." + word + "-", 0) == 0) found.push_back(entry.path());
    }
    return found;
  }

 private:
  std::string name_;
  boost::asio::io_context control_;
  boost::asio::thread_pool disk_{1};
};

}  // namespace meridian::ledger
