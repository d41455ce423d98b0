#include <doctest/doctest.h>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

#include <meridian/mesh/field_ownership.hpp>
#include <meridian/mesh/merge.hpp>

#include "mesh/entries.hpp"

using namespace meridian::mesh;
using meridian::mesh::testing::joined;
using meridian::mesh::testing::summary;

namespace {

// Elements of managedFields.
const std::string kOurs =
    R"({"manager": "meridian", "operation": "Apply", "apiVersion": "networking.istio.io/v1", "time": "2024-05-01T10:00:00Z",
        "fieldsType": "FieldsV1", "fieldsV1": {"f:spec": {"f:addresses": {}}}})";
const std::string kUsers =
    R"({"manager": "kubectl-client-side-apply", "operation": "Update", "fieldsType": "FieldsV1",
        "fieldsV1": {"f:metadata": {"f:annotations": {".": {}}}, "f:spec": {".": {}, "f:hosts": {}, "f:ports": {}}}})";

std::string element(const std::string& manager, const std::string& operation,
                    const std::string& spec = R"({"f:addresses": {}})", const std::string& subresource = "null") {
  return R"({"manager": ")" + manager + R"(", "operation": ")" + operation + R"(", "subresource": )" + subresource +
         R"(, "fieldsV1": {"f:spec": )" + spec + "}}";
}

Decoded decode_with(const std::string& managed_fields, const std::string& addresses = R"(["245.1.2.3"])") {
  return decode(boost::json::parse(R"({"metadata": {"name": "a", "managedFields": )" + managed_fields +
                                   R"(}, "spec": {"hosts": ["a.global"], "resolution": "STATIC", "addresses": )" +
                                   addresses + "}}"));
}

}  // namespace

TEST_CASE("the list in spec.addresses is ours") {
  struct {
    const char* title;
    std::string managed_fields;
    bool ours;
  } cases[] = {
      {"if we applied it", "[" + kOurs + "]", true},
      {"if we applied it, among others that have other fields", "[" + kUsers + ", " + kOurs + "]", true},
      {"if we applied it with more",
       "[" + element("meridian", "Apply", R"({".": {}, "f:addresses": {}, "f:x": {}})") + "]", true},
      {"even if a status is said to hold it",
       "[" + kOurs + ", " + element("pilot", "Update", R"({"f:addresses": {}})", R"("status")") + "]", true},
      {"if the subresource is empty, which is none",
       "[" + element("meridian", "Apply", R"({"f:addresses": {}})", R"("")") + "]", true},
      {"not if nobody is told of", "[]", false},
      {"not if managedFields is null", "null", false},
      {"not if managedFields was stripped", "[{}]", false},
      {"not if somebody else applied it", "[" + element("argocd", "Apply") + "]", false},
      {"not if somebody else updated it", "[" + kUsers + ", " + element("kubectl-edit", "Update") + "]", false},
      {"not if somebody else applied the same", "[" + kOurs + ", " + element("argocd", "Apply") + "]", false},
      {"not if somebody else updated it too", "[" + element("kubectl-edit", "Update") + ", " + kOurs + "]", false},
      {"not if a nameless manager has it too", "[" + kOurs + R"(, {"fieldsV1": {"f:spec": {"f:addresses": {}}}}])",
       false},
      {"not by an Update of our name", "[" + element("meridian", "Update") + "]", false},
      {"not if there is an Update of our name too", "[" + kOurs + ", " + element("meridian", "Update") + "]", false},
      {"not by another case", "[" + element("Meridian", "Apply") + "]", false},
      {"not by a name that begins with ours", "[" + element("meridian-test", "Apply") + "]", false},
      {"not by our status", "[" + element("meridian", "Apply", R"({"f:addresses": {}})", R"("status")") + "]", false},
      {"not if we applied something else", "[" + element("meridian", "Apply", R"({"f:hosts": {}})") + "]", false},
      {"not if we have spec, and not the list", "[" + element("meridian", "Apply", "{}") + "]", false},
      {"not if the field is null", "[" + element("meridian", "Apply", R"({"f:addresses": null})") + "]", false},
      {"not if we have an f:addresses elsewhere",
       R"([{"manager": "meridian", "operation": "Apply", "fieldsV1": {"f:status": {"f:addresses": {}}, "f:addresses": {}}}])",
       false},
      {"not without fields", R"([{"manager": "meridian", "operation": "Apply"}])", false},
  };
  for (const auto& c : cases) SUBCASE(c.title) {
      const Decoded decoded = decode_with(c.managed_fields);
      REQUIRE(decoded.entry.has_value());
      CHECK(joined(decoded.warnings, "|") == "");
      CHECK(decoded.entry->has_written_list == c.ours);
      CHECK(decoded.entry->has_spec_addresses == !c.ours);
      CHECK(joined(decoded.entry->addresses) == (c.ours ? "" : "245.1.2.3"));
      REQUIRE(decoded.entry->written_vip.has_value() == c.ours);
      if (c.ours) CHECK(decoded.entry->written_vip->to_string() == "245.1.2.3");
    }
}

TEST_CASE("managedFields that no API server makes: the list is somebody else's, and the operator is told") {
  const std::string theirs = "; spec.addresses counts as somebody else's";
  struct {
    const char* title;
    std::string managed_fields;
    std::string warning;
  } cases[] = {
      {"an object", "{}", "metadata.managedFields: found an object, expected a list"},
      {"a text", R"("meridian")", "metadata.managedFields: found a string, expected a list"},
      {"an element that is null", "[" + kOurs + ", null]", "metadata.managedFields[1]: found null, expected an object"},
      {"an element that is a number", "[7, " + kOurs + "]",
       "metadata.managedFields[0]: found the number 7, expected an object"},
      {"a manager that is a list", R"([{"manager": []}])",
       "metadata.managedFields[0].manager: found a list, expected a string"},
      {"an operation that is a boolean", R"([{"manager": "meridian", "operation": true}])",
       "metadata.managedFields[0].operation: found true, expected a string"},
      {"a subresource that is an object", "[" + element("meridian", "Apply", R"({"f:addresses": {}})", "{}") + "]",
       "metadata.managedFields[0].subresource: found an object, expected a string"},
      {"fields that are a text", R"([{"manager": "meridian", "operation": "Apply", "fieldsV1": "x"}])",
       "metadata.managedFields[0].fieldsV1: found a string, expected an object"},
      {"a spec that is a list", "[" + element("meridian", "Apply", "[]") + "]",
       "metadata.managedFields[0].fieldsV1.f:spec: found a list, expected an object"},
  };
  for (const auto& c : cases) SUBCASE(c.title) {
      const Decoded decoded = decode_with(c.managed_fields);
      REQUIRE(decoded.entry.has_value());
      CHECK(joined(decoded.warnings, "|") == c.warning + theirs);
      CHECK_FALSE(decoded.entry->has_written_list);
      CHECK(joined(decoded.entry->addresses) == "245.1.2.3");
    }
}

TEST_CASE("what a list of ours holds") {
  const std::string changed = "spec.addresses was written by us and is not one address any more; it counts as none";
  struct {
    const char* title;
    const char* addresses;
    bool is_list;
    std::string vip;
    std::string warning;
  } cases[] = {
      {"one address", R"(["245.1.2.3"])", true, "245.1.2.3", ""},
      {"one address as a CIDR", R"(["245.1.2.3/32"])", true, "245.1.2.3", ""},
      {"one of IPv6", R"(["fd00::1"])", true, "fd00::1", ""},
      {"nothing", "[]", true, "", changed},
      {"no list at all", "null", false, "", ""},
      {"two addresses, one of them a webhook's", R"(["245.1.2.3", "10.0.0.1"])", true, "", changed},
      {"one address twice", R"(["245.1.2.3", "245.1.2.3"])", true, "", changed},
      {"a range", R"(["245.0.0.0/8"])", true, "", changed},
      {"nobody's address", R"(["0.0.0.0"])", true, "", changed},
      {"an address that is no VIP", R"(["127.0.0.1"])", true, "", changed},
      {"rubbish", R"(["vip"])", true, "", changed},
  };
  for (const auto& c : cases) SUBCASE(c.title) {
      const Decoded decoded = decode_with("[" + kOurs + "]", c.addresses);
      REQUIRE(decoded.entry.has_value());
      CHECK(joined(decoded.warnings, "|") == c.warning);
      CHECK(decoded.entry->has_written_list == c.is_list);
      CHECK_FALSE(decoded.entry->has_spec_addresses);
      CHECK(decoded.entry->addresses.empty());
      CHECK((decoded.entry->written_vip ? decoded.entry->written_vip->to_string() : "") == c.vip);
      CHECK(decode(encode(*decoded.entry)).entry == decoded.entry);
    }
}

TEST_CASE("a list of ours that holds no texts is a broken document like any other") {
  CHECK(decode_with("[" + kOurs + "]", "[7]").problem == "spec.addresses[0]: found the number 7, expected a string");
  CHECK(decode_with("[" + kOurs + "]", "[7, 8]").problem == "spec.addresses[0]: found the number 7, expected a string");
  CHECK(decode_with("[" + kOurs + "]", "{}").problem == "spec.addresses: found an object, expected a list");
}

TEST_CASE("what encode() says of a list of ours does not outvote a list that is there") {
  const Decoded decoded = decode(boost::json::parse(
      R"({"metadata": {"name": "a"}, "spec": {"hosts": ["a.global"], "addresses": ["240.0.0.2"]},
          "meridian.internal/written-vip": "245.1.2.3"})"));
  REQUIRE(decoded.entry.has_value());
  CHECK(joined(decoded.entry->addresses) == "240.0.0.2");
  CHECK_FALSE(decoded.entry->has_written_list);
  CHECK_FALSE(decoded.entry->written_vip.has_value());
}

TEST_CASE("a list of ours makes no literal, and the host keeps needing a VIP") {
  Model model(Rules{.zones = {"global"}});
  model.put(0, testing::entry("bar/a hosts=a.global written=245.1.2.3"));
  CHECK(model.take_literals().added.empty());
  CHECK(summary(model.host("a.global")) == "vip by bar/a");
  model.put(0, testing::entry("bar/a hosts=a.global addresses=245.1.2.3"));
  CHECK(joined(model.take_literals().added) == "245.1.2.3");
  CHECK(summary(model.host("a.global")) == "literal 245.1.2.3 by bar/a");
}
