#include "kube/object_reader.hpp"

#include <spdlog/fmt/fmt.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <utility>

namespace meridian::kube {

namespace json = boost::json;

ObjectReader::ObjectReader(std::uint64_t object_size, Take take, PassOver pass_over)
    : object_size_(object_size), take_(std::move(take)), pass_over_(std::move(pass_over)) {}

void ObjectReader::object(std::string_view text) {
  json::parse_options options;
  options.max_depth = ObjectScanner::kDeepest;
  json::error_code error;
  auto value = json::parse(text, error, {}, options);
  if (error) {
    IdentityFinder identity;
    identity.feed(text);
    return pass_over_(identity.take(), "is no JSON: " + error.message());
  }
  take_(std::move(value.get_object()));  // a text that begins with a brace, and is JSON
}

void ObjectReader::passed_over(json::object identity, ObjectScanner::Fault fault) {
  pass_over_(std::move(identity), fault == ObjectScanner::Fault::TooLong
                                      ? fmt::format("has more than {} octets (limits: object-size)", object_size_)
                                      : fmt::format("has more than {} levels of nesting", ObjectScanner::kDeepest));
}

std::string_view text_at(const json::object& object, std::string_view key) {
  const auto* found = object.if_contains(key);
  const auto* text = found ? found->if_string() : nullptr;
  return text ? std::string_view(text->data(), text->size()) : std::string_view();
}

std::string_view metadata_of(const json::object& object, std::string_view key) {
  const auto* metadata = object.if_contains("metadata");
  const auto* fields = metadata ? metadata->if_object() : nullptr;
  return fields ? text_at(*fields, key) : std::string_view();
}

}  // namespace meridian::kube
