#include "source/document_tree.hpp"

#include <spdlog/fmt/fmt.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <utility>

namespace meridian::source {

namespace json = boost::json;

DocumentTree::DocumentTree(std::uint64_t object_size, Take item, Take document)
    : object_size_(object_size), item_(std::move(item)), document_(std::move(document)) {}

void DocumentTree::begin() {
  open_.clear();
  anchors_.clear();  // an alias never reaches into another document (YAML 1.2.2, 7.1)
  anchors_cost_ = cost_ = root_cost_ = 0;
}

bool DocumentTree::wants_key() const {
  return !open_.empty() && open_.back().value.is_object() && !open_.back().has_key;
}

void DocumentTree::key(std::string_view text, std::size_t line) {
  auto& object = open_.back();
  if (object.value.get_object().contains(text))
    throw DocumentError(line, fmt::format("key {} twice in one mapping: remove one", json::serialize(text)));
  charge(text.size() + 3, line);
  object.key = text;
  object.has_key = true;
}

void DocumentTree::open(json::value empty, std::size_t line, Anchor anchor) {
  if (wants_key()) throw DocumentError(line, "a mapping or list as a key: a key must be text");
  if (open_.size() >= kMaxDepth) throw DocumentError(line, fmt::format("more than {} levels of nesting", kMaxDepth));
  begin_value();
  Node node;
  node.handed_out =
      open_.size() == 1 && open_.back().value.is_object() && open_.back().key == "items" && empty.is_array();
  node.value = std::move(empty);
  node.anchor = anchor;
  node.line = line;
  node.cost_before = cost_;
  charge(2, line);
  open_.push_back(std::move(node));
}

void DocumentTree::close() {
  auto node = std::move(open_.back());
  open_.pop_back();
  // Without its elements the list would be a wrong answer to an alias.
  const auto anchor = node.handed_out ? 0 : node.anchor;
  add(std::move(node.value), node.line, anchor, cost_ - node.cost_before);
}

void DocumentTree::leaf(json::value value, std::size_t line, std::uint64_t octets, Anchor anchor) {
  if (wants_key()) throw DocumentError(line, "a mapping without a key, or with one that is not text");
  begin_value();
  charge(octets, line);
  add(std::move(value), line, anchor, octets);
}

void DocumentTree::alias(Anchor anchor, std::size_t line) {
  const auto known = anchors_.find(anchor);
  if (known == anchors_.end()) throw DocumentError(line, "an alias to a node that is not complete here");
  // Charged in full every time: nine lines of aliases to aliases would be a billion nodes.
  leaf(known->second.value, line, known->second.cost);
}

void DocumentTree::begin_value() {
  if (!open_.empty() && open_.back().handed_out) root_cost_ = std::exchange(cost_, 0);
}

void DocumentTree::add(json::value value, std::size_t line, Anchor anchor, std::uint64_t cost) {
  if (anchor != 0) {
    anchors_cost_ += cost;
    if (anchors_cost_ > object_size_)
      throw DocumentError(line, fmt::format("anchors of more than {} octets: write the values out", object_size_));
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

void DocumentTree::charge(std::uint64_t octets, std::size_t line) {
  cost_ += octets;
  if (cost_ > object_size_)
    throw DocumentError(line, fmt::format("more than {} octets in one object (limits: object-size)", object_size_));
}

}  // namespace meridian::source
