#pragma once
// Reads typed values out of a document and tells a Report what does not fit.

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "document.hpp"
#include "form.hpp"
#include "report.hpp"

namespace meridian::config {

// A value of the file under its path. Borrows the report; shares the node.
class Value {
 public:
  Value(Node node, std::string path, Report& report)
      : node_(std::move(node)), path_(std::move(path)), report_(&report) {}

  Node::Kind kind() const { return node_.kind(); }
  Place place() const { return node_.place; }
  const std::string& path() const { return path_; }
  Report& report() const { return *report_; }

  // The value, if it is a scalar of this form; else nothing, and the report says what was found and expected.
  template <class T>
  std::optional<T> as(const Form<T>& form) const {
    if (const auto text = scalar(form.bare)) {
      if (auto value = form.parse(*text)) return value;
      if (form.expected_instead) {
        refuse(form.expected_instead(*text));
        return std::nullopt;
      }
    }
    refuse(form.expected);
    return std::nullopt;
  }
  // It is this word.
  bool is(std::string_view word) const { return scalar(false) == word; }
  // The elements of a list; nothing if it is none.
  std::optional<std::vector<Value>> elements() const;

  // "PATH: found THIS; expected EXPECTED".
  void refuse(std::string_view expected) const;
  // "PATH: SENTENCE".
  void error(std::string_view sentence) const;
  // The same value under another path.
  Value under(std::string path) const { return {node_, std::move(path), *report_}; }
  void accept() const { report_->accept(path_, place()); }

 private:
  friend class Section;
  std::optional<std::string_view> scalar(bool bare) const;
  std::string found() const;

  Node node_;
  std::string path_;
  Report* report_;
};

// A mapping, read key by key. Every key that its owner asks for is known; finish() reports the others.
class Section {
 public:
  explicit Section(const Value& value);
  // Asked for: the value of `key`, if it is there.
  std::optional<Value> take(std::string_view key);
  bool has(std::string_view key) { return find(key) != nullptr; }
  // Every key that is left, as it is written, for mappings whose keys are names.
  std::vector<std::pair<Value, Value>> take_rest();
  void finish();

  const Value& whole() const { return whole_; }
  // It was a mapping, or nothing; else that has been reported.
  bool readable() const { return whole_.kind() == Node::Kind::Map || whole_.kind() == Node::Kind::Null; }

  // Leaves `out` as it is if `key` is not there or wrong.
  template <class T, class U>
  void read(std::string_view key, T& out, const Form<U>& form) {
    const auto value = take(key);
    if (!value) return;
    if (auto parsed = value->as(form)) {
      out = static_cast<T>(std::move(*parsed));
      value->accept();
    }
  }
  // Replaces `out` by what stands in the file; elements that are wrong are left out.
  template <class T>
  void read_list(std::string_view key, std::vector<T>& out, const Form<T>& form) {
    if (const auto value = take(key)) read_elements(*value, out, form);
  }
  // Reports `key`, if it is there, as something that this version does not have.
  void refuse_key(std::string_view key, std::string_view sentence);

  // The same for a list at hand; false if it is none.
  template <class T>
  static bool read_elements(const Value& list, std::vector<T>& out, const Form<T>& form) {
    const auto elements = list.elements();
    if (!elements) return false;
    out.clear();
    list.accept();
    for (const auto& element : *elements) {
      if (auto parsed = element.as(form)) {
        // Under the index that it has in `out`, so that later checks find it.
        element.report().accept(list.path() + "[" + std::to_string(out.size()) + "]", element.place());
        out.push_back(std::move(*parsed));
      }
    }
    return true;
  }

 private:
  struct Entry {
    std::string key;
    Value name, value;
    bool taken = false;
  };
  std::string child(std::string_view key) const;  // its path
  std::string inside() const;                     // " in vip", for messages
  Entry* find(std::string_view key);

  Value whole_;
  std::vector<Entry> entries_;
  std::vector<std::string> known_;
};

}  // namespace meridian::config
