#include "kube/identity_finder.hpp"

#include <algorithm>
#include <array>
#include <boost/json/basic_parser_impl.hpp>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace meridian::kube {
namespace {

namespace json = boost::json;

constexpr std::size_t kDeepest = 500;      // levels: the parser recurses
constexpr std::size_t kLongestText = 512;  // names have at most 253 octets
constexpr std::size_t kPath = 3;           // object, metadata, name

constexpr std::array<std::string_view, 3> kIdentity = {"name", "namespace", "resourceVersion"};

// What boost::json tells of a text while it reads it. Only the path that leads to a value is kept, and of that only
// what may lead to a part of the identity.
struct Events {
  constexpr static std::size_t max_object_size = std::numeric_limits<std::size_t>::max();
  constexpr static std::size_t max_array_size = max_object_size, max_string_size = max_object_size,
                               max_key_size = max_object_size;
  using Error = json::error_code;

  std::array<std::string, kPath> path;  // the keys; of an array: ""
  std::size_t depth = 0;
  std::string text;
  json::object found;

  bool open() {
    if (depth++ < kPath) path[depth - 1].clear();
    return true;
  }
  bool close() {
    --depth;
    return true;
  }
  bool part(std::string_view more) {
    if (depth <= kPath) text.append(more.substr(0, kLongestText - std::min(kLongestText, text.size())));
    return true;
  }
  bool key(std::string_view end) {
    part(end);
    if (depth <= kPath) path[depth - 1] = text;
    text.clear();
    return true;
  }
  bool string(std::string_view end) {
    part(end);
    const auto value = std::exchange(text, {});
    if (depth == 1 && path[0] == "type") found["type"] = value;
    if (depth == 2) keep(found, path[0], path[1], value);
    if (depth == 3 && path[0] == "object") {
      auto& object = found["object"];
      if (!object.is_object()) object = json::object();
      keep(object.get_object(), path[1], path[2], value);
    }
    return true;
  }
  static void keep(json::object& object, std::string_view parent, std::string_view key, std::string_view value) {
    if (parent != "metadata" || std::ranges::find(kIdentity, key) == kIdentity.end()) return;
    auto& metadata = object["metadata"];
    if (!metadata.is_object()) metadata = json::object();
    metadata.get_object()[key] = value;
  }

  bool on_document_begin(Error&) { return true; }
  bool on_document_end(Error&) { return true; }
  bool on_object_begin(Error&) { return open(); }
  bool on_object_end(std::size_t, Error&) { return close(); }
  bool on_array_begin(Error&) { return open(); }
  bool on_array_end(std::size_t, Error&) { return close(); }
  bool on_key_part(json::string_view more, std::size_t, Error&) { return part({more.data(), more.size()}); }
  bool on_key(json::string_view end, std::size_t, Error&) { return key({end.data(), end.size()}); }
  bool on_string_part(json::string_view more, std::size_t, Error&) { return part({more.data(), more.size()}); }
  bool on_string(json::string_view end, std::size_t, Error&) { return string({end.data(), end.size()}); }
  bool on_number_part(json::string_view, Error&) { return true; }
  bool on_int64(std::int64_t, json::string_view, Error&) { return true; }
  bool on_uint64(std::uint64_t, json::string_view, Error&) { return true; }
  bool on_double(double, json::string_view, Error&) { return true; }
  bool on_bool(bool, Error&) { return true; }
  bool on_null(Error&) { return true; }
  bool on_comment_part(json::string_view, Error&) { return true; }
  bool on_comment(json::string_view, Error&) { return true; }
};

json::parse_options not_too_deep() {
  json::parse_options options;
  options.max_depth = kDeepest;
  return options;
}

}  // namespace

struct IdentityFinder::Parser {
  json::basic_parser<Events> json{not_too_deep()};
  bool failed = false;
};

IdentityFinder::IdentityFinder() : parser_(std::make_unique<Parser>()) {}
IdentityFinder::~IdentityFinder() = default;
IdentityFinder::IdentityFinder(IdentityFinder&&) noexcept = default;

void IdentityFinder::feed(std::string_view octets) {
  if (parser_->failed) return;
  json::error_code error;
  parser_->json.write_some(true, octets.data(), octets.size(), error);
  parser_->failed = error.failed();
}

json::object IdentityFinder::take() {
  return std::move(parser_->json.handler().found);
}

}  // namespace meridian::kube
