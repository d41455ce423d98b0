#pragma once
// From yaml-cpp's events to JSON values, bounded in depth and size whatever the aliases say. The elements of the root's
// `items` are handed out one by one: a list of 10,000 entries is one document, and its tree would take 60 to 125 times
// the file.

#include <yaml-cpp/eventhandler.h>

#include <boost/json/value.hpp>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <vector>

namespace meridian::source {

// What ends a document: `line` counts from 1, in the text that the parser was given.
struct YamlError : std::runtime_error {
  YamlError(std::size_t at, const std::string& what) : std::runtime_error(what), line(at) {}
  std::size_t line;
};

// Builds the documents of one parser run. Nothing here recurses: the stack of open nodes is a vector.
class YamlTree final : public YAML::EventHandler {
 public:
  using Take = std::function<void(boost::json::value, std::size_t line)>;
  // `item` gets the elements of the root's `items`, `document` the rest when it is complete. Neither may call the tree.
  YamlTree(std::uint64_t object_size, Take item, Take document);

  // From here on another document is an error, unless the last was in flow style, as JSON is.
  void expect_end() { ended_ = !flow_root_; }

  void OnDocumentStart(const YAML::Mark& mark) override;
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override;
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override;
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override;
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style) override;
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override;
  void OnMapEnd() override { close(); }

 private:
  struct Node {  // a mapping or sequence whose end has not come
    boost::json::value value;
    YAML::anchor_t anchor = 0;
    std::size_t line = 0;
    std::uint64_t cost_before = 0;  // of the object when this began
    std::string key;                // with a mapping: the key that waits for its value
    bool has_key = false;
    bool handed_out = false;  // the root's `items`
  };
  struct Anchored {
    boost::json::value value;
    std::uint64_t cost = 0;
  };

  void open(boost::json::value empty, const YAML::Mark& mark, YAML::anchor_t anchor, YAML::EmitterStyle::value style);
  void close();
  void begin_value();  // what follows may be an item, whose cost is counted by itself
  void add_leaf(boost::json::value value, std::size_t line, YAML::anchor_t anchor, std::uint64_t cost);
  // `cost` has been charged already.
  void add(boost::json::value value, std::size_t line, YAML::anchor_t anchor, std::uint64_t cost);
  void take_key(const YAML::Mark& mark, bool plain, const std::string& text);
  bool wants_key() const;
  void charge(std::uint64_t octets, std::size_t line);

  const std::uint64_t object_size_;
  const Take item_, document_;
  std::vector<Node> open_;
  std::unordered_map<YAML::anchor_t, Anchored> anchors_;
  std::uint64_t anchors_cost_ = 0;
  std::uint64_t cost_ = 0;       // octets, as JSON, of the item (or document) that is being built
  std::uint64_t root_cost_ = 0;  // kept while an item is being built
  bool flow_root_ = false;
  bool ended_ = false;
};

}  // namespace meridian::source
