#include "source/entries_file.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <set>
#include <utility>

#include "kube/object_reader.hpp"
#include "source/content_hash.hpp"
#include "source/yaml_documents.hpp"

#include <spdlog/fmt/fmt.h>

namespace meridian::source {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxProblems = 100;
constexpr std::string_view kEntryGroup = "networking.istio.io/";
constexpr std::string_view kEntryVersion = "networking.istio.io/v1";

// What can be known of an item before the kind of the list that holds it.
struct Staged {
  mesh::Decoded decoded;
  std::size_t line = 0;
  bool kindless = false;  // an entry only if the list says so
  std::string broken;     // no item of any list
};

class Reader final : public DocumentHandler {
 public:
  explicit Reader(std::string path) : path_(std::move(path)) {}

  void item(json::value value, std::size_t line) override { stage(std::move(value), line); }

  void document(json::value value, std::size_t line) override {
    auto staged = std::exchange(staged_, {});
    const auto* object = value.if_object();
    if (!object) return broken(line, "a document must be a mapping with apiVersion, kind, metadata and spec");
    const auto kind = kube::text_at(*object, "kind"), version = kube::text_at(*object, "apiVersion");
    if (kind.empty() || version.empty()) return broken(line, "a document without kind or apiVersion");
    if (kind == "List") return take_list(std::move(staged), false);  // of whatever version
    if (kind == "ServiceEntryList" && version.starts_with(kEntryGroup)) return take_list(std::move(staged), true);
    if (mesh::is_service_entry(*object)) return take(decode(value), line);
    if (kind == "ServiceEntry") {  // another group's, or a slip of the pen
      report(line, fmt::format("a ServiceEntry of apiVersion {} is not read: {}v1, v1beta1 and v1alpha3 are", version,
                               kEntryGroup));
    }
  }

  void broken(std::size_t line, std::string problem) override {
    staged_.clear();
    file_.broken = true;
    report(line, std::move(problem));
  }

  EntriesFile finish() && {
    if (problems_ > kMaxProblems)
      file_.problems.push_back({path_, fmt::format("{} more problems in this file", problems_ - kMaxProblems)});
    return std::move(file_);
  }

 private:
  void stage(json::value value, std::size_t line) {
    auto* object = value.if_object();
    if (!object) return staged_.push_back({{}, line, false, "an item of a list must be a mapping"});
    const auto kind = kube::text_at(*object, "kind");
    if (kind == "List" || kind == "ServiceEntryList") return stage_nested(*object, line);
    const bool kindless = !object->contains("kind");
    if (!kindless && !mesh::is_service_entry(*object)) return;  // another kind
    if (kindless) {                                             // as the API server writes the items of a list
      (*object)["kind"] = "ServiceEntry";
      (*object)["apiVersion"] = kEntryVersion;
    }
    staged_.push_back({decode(value), line, kindless, {}});
  }

  // A list in a list is kubectl's to flatten, and so ours. The depth is bounded by the parser.
  void stage_nested(json::object& list, std::size_t line) {
    if (auto* items = list.contains("items") ? list["items"].if_array() : nullptr)
      for (auto& each : *items) stage(std::move(each), line);
  }

  void take_list(std::vector<Staged> staged, bool of_entries) {
    for (const auto& each : staged)
      if (!each.broken.empty())
        return broken(each.line, each.broken);
      else if (each.kindless && !of_entries)
        return broken(each.line, "an item without kind in a List");
    for (auto& each : staged) take(std::move(each.decoded), each.line);
  }

  static mesh::Decoded decode(const json::value& value) {
    auto decoded = mesh::decode(value);
    // The version that a file came with from some cluster says nothing about the file.
    if (decoded.entry) decoded.entry->resource_version = fmt::format("{:016x}", content_hash(json::serialize(value)));
    return decoded;
  }

  void take(mesh::Decoded decoded, std::size_t line) {
    const auto& key = decoded.key;
    for (const auto& warning : decoded.warnings) report(line, fmt::format("{}: {}", key.to_text(), warning));
    if (!key.name.empty() && !keys_.insert(key).second)
      return report(line, fmt::format("{} is in this file twice: the first is served; remove one", key.to_text()));
    if (!decoded.entry) {
      file_.invalid.push_back(key);
      return report(line, fmt::format("{} is not served: {}", key.to_text(), decoded.problem));
    }
    decoded.entry->origin = path_;
    file_.entries.push_back({std::make_shared<const mesh::ServiceEntry>(*std::move(decoded.entry)), line});
  }

  void report(std::size_t line, std::string text) {
    if (++problems_ <= kMaxProblems) file_.problems.push_back({fmt::format("{}:{}", path_, line), std::move(text)});
  }

  const std::string path_;
  EntriesFile file_;
  std::vector<Staged> staged_;  // items of the list that is being read
  std::set<mesh::EntryKey> keys_;
  std::size_t problems_ = 0;
};

}  // namespace

EntriesFile parse_entries_file(std::string_view text, const std::string& path, const FileLimits& limits) {
  Reader reader(path);
  read_documents(text, limits.object_size, reader);
  return std::move(reader).finish();
}

}  // namespace meridian::source
