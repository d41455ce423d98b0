// The entries of conf/examples are what their comments say they are.

#include <doctest/doctest.h>

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <meridian/mesh/service_entry.hpp>
#include "source/yaml_documents.hpp"

namespace fs = std::filesystem;
using namespace meridian;

namespace {

// Decodes the entries of a file; anything that is wrong with one fails the test.
class Entries : public source::DocumentHandler {
 public:
  void item(boost::json::value value, std::size_t line) override { document(std::move(value), line); }
  void document(boost::json::value value, std::size_t line) override {
    CAPTURE(line);
    REQUIRE(value.is_object());
    if (!mesh::is_service_entry(value.get_object())) return;
    auto decoded = mesh::decode(value);
    CHECK(decoded.problem == "");
    for (const auto& warning : decoded.warnings) FAIL_CHECK(warning);
    REQUIRE(decoded.entry);
    found.push_back(std::move(*decoded.entry));
  }
  void broken(std::size_t line, std::string problem) override { FAIL_CHECK(line << ": " << problem); }

  std::vector<mesh::ServiceEntry> found;
};

std::vector<mesh::ServiceEntry> entries(const fs::path& file) {
  std::ifstream in(file);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  Entries entries;
  source::read_documents(text, 1u << 20, entries);
  return std::move(entries.found);
}

// "host address" of each entry in the directory, sorted.
std::vector<std::string> all_of(const fs::path& directory) {
  std::vector<std::string> out;
  for (const auto& file : fs::directory_iterator(directory)) {
    CAPTURE(file.path().string());
    const auto of_file = entries(file);
    CHECK_FALSE(of_file.empty());
    for (const auto& entry : of_file) {
      REQUIRE(entry.hosts.size() == 1);
      CHECK(entry.mesh_gateway);
      out.push_back(entry.hosts[0] + " " + (entry.addresses.empty() ? "vip" : entry.addresses[0].to_string()));
    }
  }
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace

TEST_CASE("every example is an entry without problems") {
  CHECK(all_of(MERIDIAN_CONF "/examples") == std::vector<std::string>{
                                                 "*.tenants.global 240.0.0.6",
                                                 "details.books.global 240.0.0.3",
                                                 "httpbin.bar.global 240.0.0.2",
                                                 "orders.shop.global vip",
                                                 "productpage.books.global 240.0.0.5",
                                                 "ratings.shop.global vip",
                                                 "reviews.books.global 240.0.0.4",
                                             });
}
