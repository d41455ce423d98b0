#pragma once
// JSON texts (RFC 8259), told to a DocumentTree. YAML contains JSON, but yaml-cpp keeps every token of a flow mapping
// until its end, 30 times the text, and does not know surrogate pairs.

#include <string>
#include <string_view>

#include "source/document_tree.hpp"

namespace meridian::source {

// Whether `text` is one or more JSON objects, one after the other, as far as `enough` octets tell: a text that goes
// wrong later is JSON with an error in it. Allocates nothing that grows with the text.
bool is_json(std::string_view text, std::size_t enough);

// Reads all of them. Throws DocumentError.
void read_json(std::string_view text, DocumentTree& tree);

}  // namespace meridian::source
