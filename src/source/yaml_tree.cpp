#include "source/yaml_tree.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <utility>

#include "source/yaml_scalar.hpp"

#include <spdlog/fmt/fmt.h>
#include <yaml-cpp/mark.h>

namespace meridian::source {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxDepth = 100;  // a ServiceEntry needs 8; values of this depth are destroyed recursively

std::size_t line_of(const YAML::Mark& mark) {
  return static_cast<std::size_t>(mark.line) + 1;
}

json::value scalar(const YAML::Mark& mark, const std::string& tag, const std::string& text) {
  static const std::string kCore = "tag:yaml.org,2002:";
  if (tag == "?" || tag.empty()) return plain_scalar(text);
  if (tag == "!" || tag == kCore + "str") return json::value(text);
  for (const auto* plain : {"int", "float", "bool", "null"})
    if (tag == kCore + plain) return plain_scalar(text);
  throw YamlError(line_of(mark), fmt::format("tag {} is not supported: write the value without it", tag));
}

}  // namespace

YamlTree::YamlTree(std::uint64_t object_size, Take item, Take document)
    : object_size_(object_size), item_(std::move(item)), document_(std::move(document)) {}

void YamlTree::OnDocumentStart(const YAML::Mark& mark) {
  if (ended_) throw YamlError(line_of(mark), "text after the end of the document: separate documents with ---");
  open_.clear();
  anchors_.clear();  // an alias never reaches into another document (YAML 1.2.2, 7.1)
  anchors_cost_ = cost_ = root_cost_ = 0;
  flow_root_ = false;
}

void YamlTree::OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) {
  if (wants_key()) throw YamlError(line_of(mark), "a mapping without a key");
  add_leaf(nullptr, line_of(mark), anchor, 5);
}

void YamlTree::OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) {
  if (wants_key()) throw YamlError(line_of(mark), "an alias as a key: write the key out");
  const auto known = anchors_.find(anchor);
  if (known == anchors_.end()) throw YamlError(line_of(mark), "an alias to a node that is not complete here");
  // Charged in full every time: nine lines of aliases to aliases would be a billion nodes.
  add_leaf(known->second.value, line_of(mark), 0, known->second.cost);
}

void YamlTree::OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                        const std::string& text) {
  if (wants_key()) return take_key(mark, tag == "?", text);
  add_leaf(scalar(mark, tag, text), line_of(mark), anchor, text.size() + 3);
}

void YamlTree::OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                               YAML::EmitterStyle::value style) {
  open(json::array(), mark, anchor, style);
}

void YamlTree::OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                          YAML::EmitterStyle::value style) {
  open(json::object(), mark, anchor, style);
}

bool YamlTree::wants_key() const {
  return !open_.empty() && open_.back().value.is_object() && !open_.back().has_key;
}

void YamlTree::take_key(const YAML::Mark& mark, bool plain, const std::string& text) {
  auto& mapping = open_.back();
  if (plain && text == "<<") throw YamlError(line_of(mark), "merge key <<, which YAML 1.2 has not: write the keys out");
  if (mapping.value.get_object().contains(text))
    throw YamlError(line_of(mark), fmt::format("key {} twice in one mapping: remove one", json::serialize(text)));
  charge(text.size() + 3, line_of(mark));
  mapping.key = text;
  mapping.has_key = true;
}

void YamlTree::open(json::value empty, const YAML::Mark& mark, YAML::anchor_t anchor, YAML::EmitterStyle::value style) {
  if (wants_key()) throw YamlError(line_of(mark), "a mapping or list as a key: a key must be text");
  if (open_.size() >= kMaxDepth)
    throw YamlError(line_of(mark), fmt::format("more than {} levels of nesting", kMaxDepth));
  if (open_.empty()) flow_root_ = style == YAML::EmitterStyle::Flow;
  begin_value();

  Node node;
  node.handed_out =
      open_.size() == 1 && open_.back().value.is_object() && open_.back().key == "items" && empty.is_array();
  node.value = std::move(empty);
  node.anchor = anchor;
  node.line = line_of(mark);
  node.cost_before = cost_;
  charge(2, node.line);
  open_.push_back(std::move(node));
}

void YamlTree::close() {
  auto node = std::move(open_.back());
  open_.pop_back();
  // Without its elements the list would be a wrong answer to an alias.
  const auto anchor = node.handed_out ? 0 : node.anchor;
  add(std::move(node.value), node.line, anchor, cost_ - node.cost_before);
}

void YamlTree::begin_value() {
  if (!open_.empty() && open_.back().handed_out) root_cost_ = std::exchange(cost_, 0);
}

void YamlTree::add_leaf(json::value value, std::size_t line, YAML::anchor_t anchor, std::uint64_t cost) {
  begin_value();
  charge(cost, line);
  add(std::move(value), line, anchor, cost);
}

void YamlTree::add(json::value value, std::size_t line, YAML::anchor_t anchor, std::uint64_t cost) {
  if (anchor != 0) {
    anchors_cost_ += cost;
    if (anchors_cost_ > object_size_)
      throw YamlError(line, fmt::format("anchors of more than {} octets: write the values out", object_size_));
    anchors_.insert_or_assign(anchor, Anchored{value, cost});
  }
  if (open_.empty()) return document_(std::move(value), line);
  auto& parent = open_.back();
  if (parent.handed_out) {
    cost_ = root_cost_;
    return item_(std::move(value), line);
  }
  if (parent.value.is_array()) {
    parent.value.get_array().push_back(std::move(value));
  } else {
    parent.value.get_object().emplace(parent.key, std::move(value));
    parent.has_key = false;
  }
}

void YamlTree::charge(std::uint64_t octets, std::size_t line) {
  cost_ += octets;
  if (cost_ > object_size_)
    throw YamlError(line, fmt::format("more than {} octets in one object (limits: object-size)", object_size_));
}

}  // namespace meridian::source
