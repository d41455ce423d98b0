#include "source/json_documents.hpp"

#include <boost/json/array.hpp>
#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/object.hpp>
#include <cstdint>
#include <limits>

namespace meridian::source {
namespace {

namespace json = boost::json;
using boost::system::error_code;

struct Unlimited {
  static constexpr std::size_t max_object_size = std::numeric_limits<std::size_t>::max();
  static constexpr std::size_t max_array_size = max_object_size;
  static constexpr std::size_t max_key_size = max_object_size;
  static constexpr std::size_t max_string_size = max_object_size;
};

// The names and signatures are Boost.JSON's; false would stop the parser.
struct Checker : Unlimited {
  bool on_document_begin(error_code&) { return true; }
  bool on_document_end(error_code&) { return true; }
  bool on_object_begin(error_code&) { return true; }
  bool on_object_end(std::size_t, error_code&) { return true; }
  bool on_array_begin(error_code&) { return true; }
  bool on_array_end(std::size_t, error_code&) { return true; }
  bool on_key_part(json::string_view, std::size_t, error_code&) { return true; }
  bool on_key(json::string_view, std::size_t, error_code&) { return true; }
  bool on_string_part(json::string_view, std::size_t, error_code&) { return true; }
  bool on_string(json::string_view, std::size_t, error_code&) { return true; }
  bool on_number_part(json::string_view, error_code&) { return true; }
  bool on_int64(std::int64_t, json::string_view, error_code&) { return true; }
  bool on_uint64(std::uint64_t, json::string_view, error_code&) { return true; }
  bool on_double(double, json::string_view, error_code&) { return true; }
  bool on_bool(bool, error_code&) { return true; }
  bool on_null(error_code&) { return true; }
  bool on_comment_part(json::string_view, error_code&) { return true; }
  bool on_comment(json::string_view, error_code&) { return true; }
};

class Builder : public Checker {
 public:
  explicit Builder(DocumentTree& tree) : tree_(tree) {}
  std::size_t line = 1;  // of what is being parsed

  bool on_document_begin(error_code&) { return tree_.begin(), true; }
  bool on_object_begin(error_code&) { return tree_.open(json::object(), line), true; }
  bool on_object_end(std::size_t, error_code&) { return tree_.close(), true; }
  bool on_array_begin(error_code&) { return tree_.open(json::array(), line), true; }
  bool on_array_end(std::size_t, error_code&) { return tree_.close(), true; }
  bool on_key_part(json::string_view part, std::size_t, error_code&) { return text_ += part, true; }
  bool on_key(json::string_view part, std::size_t, error_code&) {
    text_ += part;
    tree_.key(text_, line);
    text_.clear();
    return true;
  }
  bool on_string_part(json::string_view part, std::size_t, error_code&) { return text_ += part, true; }
  bool on_string(json::string_view part, std::size_t, error_code&) {
    text_ += part;
    tree_.leaf(json::value(text_), line, text_.size() + 3);
    text_.clear();
    return true;
  }
  bool on_int64(std::int64_t number, json::string_view, error_code&) { return tree_.leaf(number, line, 21), true; }
  bool on_uint64(std::uint64_t number, json::string_view, error_code&) { return tree_.leaf(number, line, 21), true; }
  bool on_double(double number, json::string_view, error_code&) { return tree_.leaf(number, line, 25), true; }
  bool on_bool(bool value, error_code&) { return tree_.leaf(value, line, 6), true; }
  bool on_null(error_code&) { return tree_.leaf(nullptr, line, 5), true; }

 private:
  DocumentTree& tree_;
  std::string text_;
};

struct Failure {
  error_code error;
  std::size_t line = 0;
  std::size_t offset = 0;
};

// The parser tells nobody where it is, so it is fed line by line.
template <class Parser, class AtLine>
Failure parse_lines(Parser& parser, std::string_view text, AtLine at_line) {
  Failure now;
  bool inside = false;  // a document that is not complete
  while (now.offset < text.size()) {
    at_line(++now.line);
    const auto end = text.find('\n', now.offset);
    auto rest = text.substr(now.offset, end == std::string_view::npos ? end : end + 1 - now.offset);
    now.offset += rest.size();
    while (!rest.empty()) {
      const auto blank = inside ? 0 : rest.find_first_not_of(" \t\r\n");
      if (blank == std::string_view::npos) break;
      rest.remove_prefix(blank);
      inside = true;
      rest.remove_prefix(parser.write_some(true, rest.data(), rest.size(), now.error));
      if (now.error) return now.offset -= rest.size(), now;
      if (!parser.done()) continue;
      parser.reset();
      inside = false;
    }
  }
  if (inside) parser.write_some(false, "", 0, now.error);
  return now;
}

json::parse_options options() {
  json::parse_options options;
  options.max_depth = kMaxDepth;
  return options;
}

}  // namespace

bool is_json(std::string_view text, std::size_t enough) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos || text[first] != '{') return false;
  json::basic_parser<Checker> parser(options());
  const auto end = parse_lines(parser, text, [](std::size_t) {});
  return !end.error || end.offset > enough;
}

void read_json(std::string_view text, DocumentTree& tree) {
  json::basic_parser<Builder> parser(options(), tree);
  const auto end = parse_lines(parser, text, [&](std::size_t line) { parser.handler().line = line; });
  if (end.error) throw DocumentError(end.line, end.error.message());
}

}  // namespace meridian::source
