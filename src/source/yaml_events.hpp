#pragma once
// yaml-cpp's events, told to a DocumentTree. All that YAML has and JSON has not is decided here.

#include <yaml-cpp/eventhandler.h>

#include <string>

#include "source/document_tree.hpp"

namespace meridian::source {

class YamlEvents final : public YAML::EventHandler {
 public:
  explicit YamlEvents(DocumentTree& tree) : tree_(tree) {}

  // From here on another document is an error, unless the last was in flow style: JSON objects may follow each other.
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
  void open(boost::json::value empty, const YAML::Mark& mark, YAML::anchor_t anchor, YAML::EmitterStyle::value style);
  void close();

  DocumentTree& tree_;
  std::size_t depth_ = 0;
  bool flow_root_ = false;
  bool ended_ = false;
};

}  // namespace meridian::source
