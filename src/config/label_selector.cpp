#include "label_selector.hpp"

#include <charconv>
#include <cstdint>

#include "kubernetes_name.hpp"
#include "report.hpp"

namespace meridian::config {
namespace {

struct Token {
  enum class Kind { Word, Symbol, End };  // "in" and "notin" are words: a key or a value may be spelled so, too
  Kind kind = Kind::End;
  std::string_view text;
  std::size_t offset = 0;
};

// selector    = [ requirement *( "," requirement ) ]
// requirement = "!" key / key [ ( "=" / "==" / "!=" / ">" / "<" ) [ value ] / ( "in" / "notin" ) values ]
//
// A rule is a function: it takes its tokens and returns true, or returns false with the fault noted.
class Selector {
 public:
  explicit Selector(std::string_view text) : text_(text) { advance(); }

  bool whole() {
    if (at_end()) return true;
    while (requirement()) {
      if (at_end()) return true;
      if (!take(",")) return refuse("a comma or the end");
    }
    return false;
  }
  const std::string& fault() const { return fault_; }

 private:
  bool requirement() {
    const bool absent = take("!");
    if (!at_word() || !is_label_key(token_.text)) return refuse("a label's key such as app or example.com/team");
    advance();
    if (absent || at_end() || at(",")) return true;
    if (take_word("in") || take_word("notin")) return values();
    if (take("=") || take("==") || take("!=")) return value();
    if (take(">") || take("<")) return number();
    return refuse("an operator (=, ==, !=, in, notin, > or <), a comma or the end");
  }

  bool value() {
    if (at_end() || at(",")) return true;  // the empty value
    if (!at_word() || !is_label_value(token_.text)) return refuse(kValue);
    advance();
    return true;
  }

  bool number() {
    std::int64_t n = 0;
    const auto* end = token_.text.data() + token_.text.size();
    const auto [stop, error] = std::from_chars(token_.text.data(), end, n);
    const bool is_number = error == std::errc() && stop == end;
    if (!is_number || !is_label_value(token_.text)) return refuse("a whole number");  // no label's value has a sign
    advance();
    return true;
  }

  // Values may be empty, but for one thing that Kubernetes refuses, and we with it: an even number of commas at the
  // end.
  bool values() {
    if (!take("(")) return refuse("( and a list of values");
    while (!take(")")) {
      if (take(",")) {
        if (!at(")") && take(",") && at(")")) return refuse("a value");
        continue;
      }
      if (!at_word() || !is_label_value(token_.text)) return refuse(kValue);
      advance();
      if (!at(",") && !at(")")) return refuse("a comma or )");
    }
    return true;
  }

  bool at_end() const { return token_.kind == Token::Kind::End; }
  bool at_word() const { return token_.kind == Token::Kind::Word; }
  bool at(std::string_view symbol) const { return token_.kind == Token::Kind::Symbol && token_.text == symbol; }
  bool take(std::string_view symbol) {
    if (!at(symbol)) return false;
    advance();
    return true;
  }
  bool take_word(std::string_view word) {
    if (!at_word() || token_.text != word) return false;
    advance();
    return true;
  }

  // To the next token: a symbol (the longest that fits), a word (whatever else has no white space in it), or the end.
  void advance() {
    static constexpr std::string_view kSpace = " \t\r\n", kSymbols = "=!(),><", kApart = " \t\r\n=!(),><";
    const auto start = text_.find_first_not_of(kSpace, token_.offset + token_.text.size());
    if (start == text_.npos) {
      token_ = {Token::Kind::End, {}, text_.size()};
    } else if (kSymbols.find(text_[start]) == kSymbols.npos) {
      token_ = {Token::Kind::Word, text_.substr(start, text_.find_first_of(kApart, start) - start), start};
    } else {
      const auto two = text_.substr(start, 2);
      token_ = {Token::Kind::Symbol, two == "==" || two == "!=" ? two : two.substr(0, 1), start};
    }
  }

  bool refuse(std::string_view expected) {
    const auto where = std::to_string(token_.offset + 1);
    fault_ = (at_end() ? "ends too early" : "has " + quote(token_.text) + " at character " + where) + "; expected " +
             std::string(expected);
    return false;
  }

  static constexpr std::string_view kValue =
      "a label's value: letters, digits, and '-', '_' and '.' between them, at most 63";

  std::string_view text_;
  Token token_;
  std::string fault_;
};

}  // namespace

std::optional<std::string> fault_in_selector(std::string_view selector) {
  Selector parsed(selector);
  if (parsed.whole()) return std::nullopt;
  return parsed.fault();
}

}  // namespace meridian::config
