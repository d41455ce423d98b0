#pragma once
// Reading a JSON value by field names, with the path of each field at hand for whoever has to mend the document. Pure.

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace meridian::mesh {

// A field has the wrong type: "spec.hosts[2]: found null, expected a string".
class WrongType : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

// One field of a document, there or not. Borrows the document. What is read as the wrong type throws WrongType; what is
// absent reads as empty. A member that is null is absent, as the Kubernetes API has it; an element of a list is not.
class JsonField {
 public:
  explicit JsonField(const boost::json::value& document) : value_(&document) {}

  explicit operator bool() const { return value_ != nullptr; }
  const std::string& path() const { return path_; }

  JsonField member(std::string_view name) const;  // of an object
  std::vector<JsonField> members() const;         // of an object, in its order
  std::vector<JsonField> elements() const;        // of a list
  std::string_view text() const;                  // a string
  // A string, or the text of a number or a boolean: people forget the quotes in labels and annotations.
  std::string scalar() const;
  // Whether it is a whole number of this value, whatever JSON type holds it; false for everything else.
  bool equals(std::int64_t number) const;
  std::optional<std::int64_t> whole_number() const;  // nothing: absent

 private:
  JsonField(const boost::json::value* value, std::string path) : value_(value), path_(std::move(path)) {}
  [[noreturn]] void wrong_type(std::string_view expected) const;

  const boost::json::value* value_;  // null: absent
  std::string path_;
};

}  // namespace meridian::mesh
