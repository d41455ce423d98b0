#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <meridian/config/config.hpp>

using namespace meridian::config;
namespace fs = std::filesystem;

namespace {

// A directory that goes away with the test.
class Directory {
 public:
  Directory() : path_((fs::temp_directory_path() / "config_test.XXXXXX").string()) { REQUIRE(::mkdtemp(path_.data())); }
  ~Directory() { fs::remove_all(path_); }
  fs::path operator/(const char* name) const { return fs::path(path_) / name; }

 private:
  std::string path_;
};

void write(const fs::path& file, const std::string& text) {
  std::ofstream(file, std::ios::binary) << text;
}

// The one error of a file, without the directory.
std::string only_error(const fs::path& file) {
  const auto loaded = load(file);
  REQUIRE(loaded.errors.size() == 1);
  const auto text = loaded.errors[0].to_text();
  const auto directory = file.parent_path().string() + "/";
  REQUIRE(text.starts_with(directory));
  return text.substr(directory.size());
}

}  // namespace

TEST_CASE("a file is read and named in its problems") {
  const Directory dir;
  write(dir / "good.yaml", "workers: 2\n");
  const auto loaded = load(dir / "good.yaml");
  CHECK(loaded.errors.empty());
  CHECK(loaded.config.workers == 2);
  write(dir / "bad.yaml", "workers: 2\ncolor: 2\nlog: 3\n");
  const auto bad = load(dir / "bad.yaml");
  REQUIRE(bad.errors.size() == 2);
  CHECK(bad.errors[1].to_text() ==
        (dir / "bad.yaml").string() + ":3:6: log: found \"3\"; expected a mapping (key: value)");
}

TEST_CASE("an empty file has every default") {
  const Directory dir;
  write(dir / "empty.yaml", "");
  const auto loaded = load(dir / "empty.yaml");
  CHECK(loaded.errors.empty());
  CHECK(loaded.config == Config{});
}

TEST_CASE("what is no file is an error") {
  const Directory dir;
  CHECK(only_error(dir / "missing.yaml") == "missing.yaml: can't be read: No such file or directory");
  fs::create_directory(dir / "directory");
  CHECK(only_error(dir / "directory") == "directory: is not a regular file; expected a configuration");
  REQUIRE(::mkfifo((dir / "fifo").c_str(), 0600) == 0);
  CHECK(only_error(dir / "fifo") == "fifo: is not a regular file; expected a configuration");
  fs::create_symlink("loop", dir / "loop");
  CHECK(only_error(dir / "loop") == "loop: can't be read: Too many levels of symbolic links");
}

TEST_CASE("a file may have one mebibyte") {
  const Directory dir;
  write(dir / "full.yaml", std::string((1u << 20) - 1, '#') + "\n");
  CHECK(load(dir / "full.yaml").errors.empty());
  write(dir / "large.yaml", std::string(1u << 20, '#') + "\n");
  CHECK(only_error(dir / "large.yaml") == "large.yaml: is larger than 1MiB; expected a configuration");
}
