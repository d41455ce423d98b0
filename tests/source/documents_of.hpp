#pragma once
// What read_documents hands out, as lines of text: "item 3 {...}", "document 1 {...}", "broken 7".

#include <boost/json/serialize.hpp>
#include <string>
#include <string_view>

#include "source/yaml_documents.hpp"

namespace meridian::source {

struct WrittenDown final : DocumentHandler {
  std::string text, why;
  void item(boost::json::value value, std::size_t line) override { write("item", value, line); }
  void document(boost::json::value value, std::size_t line) override { write("document", value, line); }
  void broken(std::size_t line, std::string problem) override {
    text += "broken " + std::to_string(line) + "\n";
    why = problem;
  }

 private:
  void write(const char* what, const boost::json::value& value, std::size_t line) {
    text += std::string(what) + " " + std::to_string(line) + " " + boost::json::serialize(value) + "\n";
  }
};

inline WrittenDown documents_of(std::string_view text, std::uint64_t object_size = 1 << 20) {
  WrittenDown written;
  read_documents(text, object_size, written);
  return written;
}

}  // namespace meridian::source
