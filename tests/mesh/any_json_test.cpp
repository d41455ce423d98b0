// Whatever a document holds, decode() either makes an entry of it or says why not.
#include "mesh/entries.hpp"

#include <doctest/doctest.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <random>
#include <vector>

#include <meridian/mesh/host_name.hpp>

using namespace meridian::mesh;
namespace json = boost::json;

namespace {

using Random = std::mt19937;

std::size_t below(Random& random, std::size_t limit) {
  return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random);
}

json::value complete_document() {
  return json::parse(R"({"apiVersion": "networking.istio.io/v1", "kind": "ServiceEntry",
    "metadata": {"name": "a", "namespace": "bar", "uid": "u", "resourceVersion": "9",
      "creationTimestamp": "2024-05-01T10:00:00Z",
      "labels": {"networking.istio.io/enable-autoallocate-ip": "true"},
      "annotations": {"meridian.internal/vip": "245.1.2.3", "meridian.internal/ttl": "30s"},
      "managedFields": [{"manager": "meridian", "operation": "Apply", "fieldsV1": {"f:spec": {"f:addresses": {}}}},
        {"manager": "pilot", "operation": "Update", "subresource": "status", "fieldsV1": {"f:status": {}}}]},
    "spec": {"hosts": ["a.global", "*.b.global"], "addresses": ["240.0.0.2", "10.0.0.0/8"], "resolution": "STATIC",
      "ports": [{"name": "http", "number": 80, "protocol": "HTTP"}], "exportTo": ["*"],
      "endpoints": [{"address": "10.0.0.1", "ports": {"http": 15443}}]},
    "status": {"addresses": [{"value": "240.240.0.1", "host": "a.global"}]}})");
}

void collect(json::value& value, std::vector<json::value*>& nodes) {
  nodes.push_back(&value);
  if (auto* object = value.if_object()) {
    for (auto& member : *object) collect(member.value(), nodes);
  } else if (auto* array = value.if_array()) {
    for (auto& element : *array) collect(element, nodes);
  }
}

json::value oddity(Random& random) {
  const json::value oddities[] = {nullptr,
                                  true,
                                  -1,
                                  1.5e300,
                                  18446744073709551615u,
                                  "",
                                  "*",
                                  ".",
                                  "a.-",
                                  "\xff\xfe",
                                  json::string(70, 'a'),
                                  "::ffff:0.0.0.0/96",
                                  "1.2.3.4/032",
                                  "-1s",
                                  "%",
                                  json::string(3, 0),
                                  json::array{},
                                  json::array{nullptr},
                                  json::object{}};
  return oddities[below(random, std::size(oddities))];
}

}  // namespace

TEST_CASE("documents with odd values in odd places") {
  std::size_t decoded_well = 0;
  for (unsigned seed = 1; seed <= 3000; ++seed) {
    Random random(seed);
    json::value document = complete_document();
    for (std::size_t changes = 1 + below(random, 3); changes > 0; --changes) {
      std::vector<json::value*> nodes;
      collect(document, nodes);
      *nodes[below(random, nodes.size())] = oddity(random);
    }
    CAPTURE(json::serialize(document));
    const Decoded decoded = decode(document);
    CHECK(decoded.entry.has_value() == decoded.problem.empty());
    if (!decoded.entry) continue;
    ++decoded_well;
    CHECK_FALSE(decoded.entry->hosts.empty());
    for (const std::string& host : decoded.entry->hosts) CHECK(refuse_host(host) == std::nullopt);
    CHECK(decode(encode(*decoded.entry)).entry == decoded.entry);
  }
  CHECK(decoded_well > 500);  // the property is about both kinds
  CHECK(decoded_well < 2500);
}
