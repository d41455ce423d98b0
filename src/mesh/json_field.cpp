#include <meridian/mesh/json_field.hpp>

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

namespace meridian::mesh {
namespace {

namespace json = boost::json;

std::string_view view(const json::string& text) {
  return {text.data(), text.size()};
}

std::string describe(const json::value* value) {
  if (!value) return "nothing";
  switch (value->kind()) {
    case json::kind::null:
      return "null";
    case json::kind::bool_:
      return value->get_bool() ? "true" : "false";
    case json::kind::string:
      return "a string";
    case json::kind::array:
      return "a list";
    case json::kind::object:
      return "an object";
    case json::kind::int64:
    case json::kind::uint64:
    case json::kind::double_:
      return "the number " + json::serialize(*value);
  }
  return "something else";
}

}  // namespace

void JsonField::wrong_type(std::string_view expected) const {
  throw WrongType((path_.empty() ? "the document" : path_) + ": found " + describe(value_) + ", expected " +
                  std::string(expected));
}

JsonField JsonField::member(std::string_view name) const {
  std::string path = path_.empty() ? std::string(name) : path_ + "." + std::string(name);
  if (!value_) return {nullptr, std::move(path)};
  if (!value_->is_object()) wrong_type("an object");
  const json::value* found = value_->get_object().if_contains(name);
  return {found && !found->is_null() ? found : nullptr, std::move(path)};
}

std::vector<JsonField> JsonField::members() const {
  if (!value_) return {};
  if (!value_->is_object()) wrong_type("an object");
  std::vector<JsonField> out;
  for (const auto& member : value_->get_object()) {
    out.push_back({&member.value(), path_ + "." + std::string(member.key().data(), member.key().size())});
  }
  return out;
}

std::vector<JsonField> JsonField::elements() const {
  if (!value_) return {};
  if (!value_->is_array()) wrong_type("a list");
  std::vector<JsonField> out;
  for (const json::value& element : value_->get_array()) {
    out.push_back({&element, path_ + "[" + std::to_string(out.size()) + "]"});
  }
  return out;
}

std::string_view JsonField::text() const {
  if (!value_) return {};
  if (!value_->is_string()) wrong_type("a string");
  return view(value_->get_string());
}

std::string JsonField::scalar() const {
  if (!value_) return {};
  if (value_->is_string()) return std::string(view(value_->get_string()));
  if (!value_->is_bool() && !value_->is_number()) wrong_type("a string");
  return json::serialize(*value_);
}

bool JsonField::equals(std::int64_t number) const {
  if (!value_ || !value_->is_number()) return false;
  boost::system::error_code error;
  const auto found = value_->to_number<std::int64_t>(error);
  return !error && found == number;
}

std::optional<std::int64_t> JsonField::whole_number() const {
  if (!value_) return std::nullopt;
  if (!value_->is_number()) wrong_type("a whole number");
  boost::system::error_code error;
  const auto found = value_->to_number<std::int64_t>(error);
  if (error) wrong_type("a whole number");
  return found;
}

}  // namespace meridian::mesh
