#include "source/yaml_documents.hpp"

#include <spdlog/fmt/fmt.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <istream>
#include <streambuf>
#include <utility>

#include "source/document_tree.hpp"
#include "source/json_documents.hpp"
#include "source/plain_text.hpp"
#include "source/yaml_events.hpp"

namespace meridian::source {
namespace {

// YAML in braces shows within this many octets that it is no JSON.
constexpr std::size_t kSurelyJson = 64 << 10;

// yaml-cpp reads all of what opens and does not close before it tells anybody, at 350 octets of memory for each of
// them. Brackets in texts and comments count too, so this is far more than any document has.
constexpr std::ptrdiff_t kMostUnclosed = 10'000;

void refuse_unclosed(std::string_view text) {
  std::ptrdiff_t unclosed = 0;
  std::size_t line = 1;
  for (const char c : text) {
    if (c == '\n') ++line;
    if (c == '[' || c == '{') ++unclosed;
    if ((c == ']' || c == '}') && unclosed > 0) --unclosed;
    if (unclosed > kMostUnclosed)
      throw DocumentError(line, fmt::format("more than {} brackets that nothing closes", kMostUnclosed));
  }
}

// A stream over octets that stay where they are, and an end marker behind them: without one, yaml-cpp 0.7 takes the end
// of the text for the end of a quoted scalar that nobody closed, and half a file is valid.
class PieceBuffer final : public std::streambuf {
 public:
  explicit PieceBuffer(std::string_view text) : tail_(text.ends_with('\n') ? "...\n" : "\n...\n") { show(text); }

 protected:
  int_type underflow() override {
    show(std::exchange(tail_, {}));
    return gptr() == egptr() ? traits_type::eof() : traits_type::to_int_type(*gptr());
  }

 private:
  void show(std::string_view text) {
    auto* begin = const_cast<char*>(text.data());  // never written through: there is no put area
    setg(begin, begin, begin + text.size());
  }
  std::string_view tail_;
};

// Cuts a text at its document markers. `---` and `...` at the beginning of a line are markers wherever they stand, in
// quoted and block scalars too (YAML 1.2.2, 9.1.2: c-forbidden), so this needs no parser, and a document that breaks
// the parser ends at the next marker.
class Splitter {
 public:
  explicit Splitter(std::string_view text) : rest_(text) {}

  struct Piece {
    std::string_view text;
    std::size_t lines_before = 0;
  };
  bool next(Piece& piece) {
    if (rest_.empty()) return false;
    piece.lines_before = lines_;
    std::size_t at = 0;
    for (bool first = true; at < rest_.size(); first = false) {
      const auto line = rest_.substr(at, line_length(at));
      if (!first && is_marker(line, "---")) break;
      at += line.size();
      ++lines_;
      if (is_marker(line, "...")) break;
    }
    piece.text = rest_.substr(0, at);
    rest_.remove_prefix(at);
    return true;
  }

 private:
  std::size_t line_length(std::size_t at) const {
    const auto end = rest_.find('\n', at);
    return (end == std::string_view::npos ? rest_.size() : end + 1) - at;
  }
  static bool is_marker(std::string_view line, std::string_view marker) {
    return line.starts_with(marker) &&
           (line.size() == 3 || std::string_view(" \t\r\n").find(line[3]) != std::string_view::npos);
  }

  std::string_view rest_;
  std::size_t lines_ = 0;
};

// Tells what the handler threw from what the text made the parser throw.
struct HandlerFailed {
  std::exception_ptr reason;
};

void read_yaml(std::string_view text, DocumentTree& tree) {
  refuse_unclosed(text);
  PieceBuffer buffer(text);
  std::istream stream(&buffer);
  YAML::Parser parser(stream);
  YamlEvents events(tree);
  // yaml-cpp begins another document wherever one ended, without a marker too.
  while (parser.HandleNextDocument(events)) events.expect_end();
}

void read_piece(const Splitter::Piece& piece, std::uint64_t object_size, DocumentHandler& handler) {
  const auto guarded = [](auto call) {
    try {
      call();
    } catch (...) {
      throw HandlerFailed{std::current_exception()};
    }
  };
  DocumentTree tree(
      object_size,
      [&](boost::json::value value, std::size_t line) {
        guarded([&] { handler.item(std::move(value), piece.lines_before + line); });
      },
      [&](boost::json::value value, std::size_t line) {
        if (value.is_null()) return;
        guarded([&] { handler.document(std::move(value), piece.lines_before + line); });
      });
  try {
    if (is_json(piece.text, kSurelyJson))
      read_json(piece.text, tree);
    else
      read_yaml(piece.text, tree);
  } catch (const HandlerFailed& failed) {
    std::rethrow_exception(failed.reason);
  } catch (const DocumentError& error) {
    handler.broken(piece.lines_before + error.line, error.what());
  } catch (const YAML::Exception& error) {
    const auto line = error.mark.is_null() ? 0 : static_cast<std::size_t>(error.mark.line);
    handler.broken(piece.lines_before + line + 1, error.msg);
  }
}

}  // namespace

void read_documents(std::string_view text, std::uint64_t object_size, DocumentHandler& handler) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  if (const auto bad = find_bad_octet(text)) return handler.broken(bad->line, bad->text);
  Splitter splitter(text);
  for (Splitter::Piece piece; splitter.next(piece);) read_piece(piece, object_size, handler);
}

}  // namespace meridian::source
