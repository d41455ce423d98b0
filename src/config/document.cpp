#include "document.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <map>
#include <sstream>
#include <utility>

#include "report.hpp"

namespace meridian::config {
namespace {

Place place_of(const YAML::Mark& mark) {
  if (mark.is_null()) return {};
  return {static_cast<unsigned>(mark.line) + 1, static_cast<unsigned>(mark.column) + 1};
}

// Builds the tree from the parser's events; lists and mappings that are not closed yet stand on a stack. (YAML::Node
// would do it too, but has no place for an alias, keeps silent about a second document, and takes more memory.)
class Builder final : public YAML::EventHandler {
 public:
  Document take() {
    if (!document_.root.content) document_.root.content = std::make_shared<const Node::Content>();
    return std::move(document_);
  }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (document_.root.content) throw SyntaxError(place_of(mark), "a second document; a configuration is one document");
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { add(mark, anchor, {}); }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    add(mark, anchor, {Node::Kind::Scalar, value, tag == "!", {}});
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto known = anchors_.find(anchor);
    if (known == anchors_.end()) throw SyntaxError(place_of(mark), "an alias inside of what it stands for");
    add({place_of(mark), known->second});
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open_.push_back({mark, anchor, {Node::Kind::List, {}, false, {}}});
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open_.push_back({mark, anchor, {Node::Kind::Map, {}, false, {}}});
  }
  void OnMapEnd() override { close(); }

 private:
  struct Open {
    YAML::Mark mark;
    YAML::anchor_t anchor;
    Node::Content content;
  };

  void close() {
    Open done = std::move(open_.back());
    open_.pop_back();
    add(done.mark, done.anchor, std::move(done.content));
  }
  void add(const YAML::Mark& mark, YAML::anchor_t anchor, Node::Content content) {
    Node node{place_of(mark), std::make_shared<const Node::Content>(std::move(content))};
    if (anchor != YAML::NullAnchor) anchors_[anchor] = node.content;
    add(std::move(node));
  }
  void add(Node node) {
    ++document_.nodes;
    if (open_.empty()) {
      document_.root = std::move(node);
    } else {
      open_.back().content.children.push_back(std::move(node));
    }
  }

  Document document_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, std::shared_ptr<const Node::Content>> anchors_;
};

// The commonest slip of all, and one for which the parser has no words.
bool indented_by_tab(std::string_view yaml, unsigned line) {
  for (; line > 1 && !yaml.empty(); --line) yaml.remove_prefix(std::min(yaml.find('\n'), yaml.size() - 1) + 1);
  const auto text = yaml.find_first_not_of(" \t");
  return yaml.substr(0, text).find('\t') != yaml.npos;
}

}  // namespace

Document read_document(std::string_view yaml) {
  std::istringstream in{std::string(yaml)};
  Builder builder;
  try {
    YAML::Parser parser(in);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const YAML::Exception& e) {
    const auto place = place_of(e.mark);
    const bool tab = indented_by_tab(yaml, place.line);
    throw SyntaxError(place, "not YAML: " + escape(e.msg) + (tab ? "; a tab can't indent, use spaces" : ""));
  }
  return builder.take();
}

}  // namespace meridian::config
