#pragma once
// The documents of a YAML 1.2 or JSON text, one at a time: a broken one does not hide those that follow.

#include <boost/json/value.hpp>
#include <cstdint>
#include <string>
#include <string_view>

namespace meridian::source {

// Gets what read_documents finds, in the order of the text; lines count from 1 and are where the thing begins.
class DocumentHandler {
 public:
  virtual ~DocumentHandler() = default;
  // One element of the document's `items`, as soon as it is complete: what the document is may not be known yet
  // (kubectl writes `kind: List` below the items).
  virtual void item(boost::json::value value, std::size_t line) = 0;
  // The document is complete; items that were handed out are not in it. Empty documents are left out.
  virtual void document(boost::json::value value, std::size_t line) = 0;
  // The document can't be read; what was handed out of it is void. `line` is where reading ended.
  virtual void broken(std::size_t line, std::string problem) = 0;
};

// Reads all of `text`. An object (an item, or a document without its items) of more than `object_size` octets of JSON,
// aliases written out, is broken; so are more than 100 levels, a key twice, and what is no UTF-8. JSON objects may
// follow each other without a separator. Throws nothing but what the handler throws (and bad_alloc).
void read_documents(std::string_view text, std::uint64_t object_size, DocumentHandler& handler);

}  // namespace meridian::source
