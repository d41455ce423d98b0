#include "source/file_names.hpp"

#include <doctest/doctest.h>

namespace meridian::source {
namespace {

TEST_CASE("files with entries are told from what editors and mounts leave behind") {
  for (const auto* name : {"a.yaml", "a.yml", "a.json", "a.b.yaml", "~a.yaml", "4913.yaml"}) {
    CAPTURE(name);
    CHECK(is_entries_file(name));
  }
  for (const auto* name : {"",           ".yaml",        ".a.yaml",    ".a.yaml.swp",     ".a.yaml.swx",
                           ".#a.yaml",   "#a.yaml#",     "#a.yaml",    "a.yaml~",         "4913",
                           "a.yaml.tmp", "a.yaml.bak",   "a.yaml.swp", "a.yaml.dpkg-new", "a.yaml.XyZ123",
                           "..data",     "..2024_05_01", "a.YAML",     "a.txt",           "yaml",
                           "a"}) {
    CAPTURE(name);
    CHECK_FALSE(is_entries_file(name));
  }
}

}  // namespace
}  // namespace meridian::source
