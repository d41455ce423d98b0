#include "source/yaml_events.hpp"

#include <spdlog/fmt/fmt.h>
#include <yaml-cpp/mark.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <utility>

#include "source/yaml_scalar.hpp"

namespace meridian::source {
namespace {

namespace json = boost::json;

std::size_t line_of(const YAML::Mark& mark) {
  return static_cast<std::size_t>(mark.line) + 1;
}

bool is_plain(const std::string& tag) {
  return tag == "?" || tag.empty();
}

json::value scalar(const YAML::Mark& mark, const std::string& tag, const std::string& text) {
  static const std::string kCore = "tag:yaml.org,2002:";
  if (is_plain(tag)) return plain_scalar(text);
  if (tag == "!" || tag == kCore + "str") return json::value(text);
  for (const auto* plain : {"int", "float", "bool", "null"})
    if (tag == kCore + plain) return plain_scalar(text);
  throw DocumentError(line_of(mark), fmt::format("tag {} is not supported: write the value without it", tag));
}

}  // namespace

void YamlEvents::OnDocumentStart(const YAML::Mark& mark) {
  if (ended_) throw DocumentError(line_of(mark), "text after the end of the document: separate documents with ---");
  tree_.begin();
  depth_ = 0;
  flow_root_ = false;
}

void YamlEvents::OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) {
  tree_.leaf(nullptr, line_of(mark), 5, anchor);
}

void YamlEvents::OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) {
  tree_.alias(anchor, line_of(mark));
}

void YamlEvents::OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                          const std::string& text) {
  if (!tree_.wants_key()) return tree_.leaf(scalar(mark, tag, text), line_of(mark), text.size() + 3, anchor);
  if (is_plain(tag) && text == "<<")
    throw DocumentError(line_of(mark), "merge key <<, which YAML 1.2 has not: write the keys out");
  tree_.key(text, line_of(mark));
}

void YamlEvents::OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                                 YAML::EmitterStyle::value style) {
  open(json::array(), mark, anchor, style);
}

void YamlEvents::OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                            YAML::EmitterStyle::value style) {
  open(json::object(), mark, anchor, style);
}

void YamlEvents::open(json::value empty, const YAML::Mark& mark, YAML::anchor_t anchor,
                      YAML::EmitterStyle::value style) {
  if (depth_++ == 0) flow_root_ = style == YAML::EmitterStyle::Flow;
  tree_.open(std::move(empty), line_of(mark), anchor);
}

void YamlEvents::close() {
  --depth_;
  tree_.close();
}

}  // namespace meridian::source
