#include <doctest/doctest.h>

#include <boost/json/parse.hpp>
#include <functional>
#include <string>

#include <meridian/mesh/json_field.hpp>

using namespace meridian::mesh;

namespace {

// What reading came to: a text, or the complaint.
std::string read(const char* document, const std::function<std::string(const JsonField&)>& how) {
  const auto value = boost::json::parse(document);
  try {
    return how(JsonField(value));
  } catch (const WrongType& e) {
    return e.what();
  }
}

std::string host_at(const JsonField& document, std::size_t index) {
  return std::string(document.member("spec").member("hosts").elements().at(index).text());
}
std::string second_host(const JsonField& document) {
  return host_at(document, 1);
}
std::string name(const JsonField& document) {
  return std::string(document.member("name").text());
}
std::string scalar(const JsonField& document) {
  return document.member("name").scalar();
}
std::string number(const JsonField& document) {
  const auto found = document.member("name").whole_number();
  return found ? std::to_string(*found) : "absent";
}

}  // namespace

TEST_CASE("a field is read by its type, and a wrong type is named by its path") {
  struct {
    const char* title;
    const char* document;
    std::string (*how)(const JsonField&);
    const char* result;
  } cases[] = {
      {"a string", R"({"name": "a"})", name, "a"},
      {"an absent string is empty", R"({})", name, ""},
      {"a null member is absent", R"({"name": null})", name, ""},
      {"a number is no string", R"({"name": 7})", name, "name: found the number 7, expected a string"},
      {"a list is no string", R"({"name": []})", name, "name: found a list, expected a string"},
      {"a string is no document", R"("name")", name, "the document: found a string, expected an object"},
      {"an element", R"({"spec": {"hosts": ["a", "b"]}})", second_host, "b"},
      {"a null element is no absent one", R"({"spec": {"hosts": ["a", null]}})", second_host,
       "spec.hosts[1]: found null, expected a string"},
      {"an object is no list", R"({"spec": {"hosts": {}}})", second_host,
       "spec.hosts: found an object, expected a list"},
      {"a boolean has no members", R"({"spec": true})", second_host, "spec: found true, expected an object"},
      {"a boolean has a text", R"({"name": false})", scalar, "false"},
      {"a number has a text", R"({"name": 30})", scalar, "30"},
      {"a list has none", R"({"name": ["a"]})", scalar, "name: found a list, expected a string"},
      {"a whole number", R"({"name": 80})", number, "80"},
      {"a whole number with a point", R"({"name": 80.0})", number, "80"},
      {"an absent number", R"({})", number, "absent"},
      {"a fraction is no whole number", R"({"name": 1.5})", number,
       "name: found the number 1.5E0, expected a whole number"},
      {"more than 63 bits are none", R"({"name": 18446744073709551615})", number,
       "name: found the number 18446744073709551615, expected a whole number"},
      {"a string is no number", R"({"name": "80"})", number, "name: found a string, expected a whole number"},
  };
  for (const auto& c : cases) SUBCASE(c.title) {
      CHECK(read(c.document, c.how) == c.result);
    }
}

TEST_CASE("a number is compared whatever type holds it") {
  const auto value = boost::json::parse(R"({"a": 15443, "b": 15443.0, "c": "15443", "d": 15444})");
  const JsonField document(value);
  CHECK(document.member("a").equals(15443));
  CHECK(document.member("b").equals(15443));
  CHECK_FALSE(document.member("c").equals(15443));
  CHECK_FALSE(document.member("d").equals(15443));
  CHECK_FALSE(document.member("e").equals(0));
}
