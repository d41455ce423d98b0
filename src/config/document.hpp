#pragma once
// A YAML text as a tree with the place of every value: all that the rest of the room sees of YAML.

#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace meridian::config {

// Where something stands in a file. Lines and columns count from 1; 0: the file as a whole.
struct Place {
  unsigned line = 0;
  unsigned column = 0;
  auto operator<=>(const Place&) const = default;
};

// A value of a document. Cheap to copy: an alias shares the content of its anchor, so a file of aliases to aliases
// stays as small in memory as it is on disk; walking all of it would still take for ever (see Report::spend).
struct Node {
  enum class Kind { Null, Scalar, List, Map };
  struct Content {
    Kind kind = Kind::Null;
    std::string text;            // of a Scalar
    bool quoted = false;         // a Scalar that was written in quotes, or as a block: a text, whatever it looks like
    std::vector<Node> children;  // of a List; of a Map: key, value, key, value, ...
  };
  Place place;
  std::shared_ptr<const Content> content;

  Kind kind() const { return content->kind; }
};

struct Document {
  Node root;              // Null for an empty file
  std::size_t nodes = 0;  // written in the file; an alias counts as one
};

// The text is no YAML, or more than one document.
class SyntaxError : public std::runtime_error {
 public:
  SyntaxError(Place where, const std::string& text) : std::runtime_error(text), place(where) {}
  Place place;
};

// Throws SyntaxError. Any thread.
Document read_document(std::string_view yaml);

}  // namespace meridian::config
