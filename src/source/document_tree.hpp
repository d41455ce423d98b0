#pragma once
// JSON values from a parser's events, bounded in depth and size whatever the aliases say. The elements of the root's
// `items` are handed out one by one: a list of 10,000 entries is one document, and its tree would take 60 to 125 times
// the file.

#include <boost/json/value.hpp>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace meridian::source {

constexpr std::size_t kMaxDepth = 100;  // a ServiceEntry needs 8; values of this depth are destroyed recursively

// What ends a document; `line` counts from 1, as the parser counts.
struct DocumentError : std::runtime_error {
  DocumentError(std::size_t at, const std::string& what) : std::runtime_error(what), line(at) {}
  std::size_t line;
};

// Builds one document after the other. Nothing here recurses: the stack of open nodes is a vector. Every function
// throws DocumentError, after which only begin() may be called.
class DocumentTree {
 public:
  using Take = std::function<void(boost::json::value, std::size_t line)>;
  using Anchor = std::size_t;  // 0: none
  // `item` gets the elements of the root's `items`, `document` the rest when it is complete. Neither may call the tree.
  DocumentTree(std::uint64_t object_size, Take item, Take document);

  void begin();                                                              // a document
  void open(boost::json::value empty, std::size_t line, Anchor anchor = 0);  // an object or an array
  void close();
  bool wants_key() const;
  void key(std::string_view text, std::size_t line);
  // `octets`: what it costs, as JSON.
  void leaf(boost::json::value value, std::size_t line, std::uint64_t octets, Anchor anchor = 0);
  void alias(Anchor anchor, std::size_t line);

 private:
  struct Node {  // an object or array whose end has not come
    boost::json::value value;
    Anchor anchor = 0;
    std::size_t line = 0;
    std::uint64_t cost_before = 0;  // of what is being built, when this began
    std::string key;                // of an object: waits for its value
    bool has_key = false;
    bool handed_out = false;  // the root's `items`
  };
  struct Anchored {
    boost::json::value value;
    std::uint64_t cost = 0;
  };

  void begin_value();  // what follows may be an item, whose cost is counted by itself
  void add(boost::json::value value, std::size_t line, Anchor anchor, std::uint64_t cost);  // has been charged
  void charge(std::uint64_t octets, std::size_t line);

  const std::uint64_t object_size_;
  const Take item_, document_;
  std::vector<Node> open_;
  std::unordered_map<Anchor, Anchored> anchors_;
  std::uint64_t anchors_cost_ = 0;
  std::uint64_t cost_ = 0;       // octets, as JSON, of the item (or document) that is being built
  std::uint64_t root_cost_ = 0;  // kept while an item is being built
};

}  // namespace meridian::source
