#include <doctest/doctest.h>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

#include <meridian/mesh/service_entry.hpp>

using namespace meridian::mesh;

TEST_CASE("decode(encode(e)) is e") {
  struct {
    const char* title;
    const char* metadata;
    const char* spec;
    const char* status;
  } cases[] = {
      {"with nothing but a host", R"("name": "a")", R"("hosts": ["a.global"])", "null"},
      {"with its metadata",
       R"("name": "a", "namespace": "bar", "uid": "u", "resourceVersion": "9", "creationTimestamp": "2024-05-01T10:00:00.5Z")",
       R"("hosts": ["a.global"])", "null"},
      {"with label and annotations",
       R"("name": "a", "labels": {"networking.istio.io/enable-autoallocate-ip": "false"},
          "annotations": {"meridian.internal/vip": "none", "meridian.internal/ttl": "1h"})",
       R"("hosts": ["a.global"])", "null"},
      {"with a pin", R"("name": "a", "annotations": {"meridian.internal/vip": "245.1.2.3"})",
       R"("hosts": ["a.global"])", "null"},
      {"with odd hosts", R"("name": "a")", R"("hosts": ["*.global", "my_app.global", "bücher.global", "global"])",
       "null"},
      {"with odd addresses", R"("name": "a")",
       R"("hosts": ["a.global"], "addresses": ["127.0.0.1", "::ffff:240.0.0.2", "ff02::1", "10.0.0.0/8"])", "null"},
      {"with a range only", R"("name": "a")", R"("hosts": ["a.global"], "addresses": ["10.0.0.0/8"])", "null"},
      {"with a list of ours",
       R"("name": "a", "managedFields": [{"manager": "meridian", "operation": "Apply", "fieldsV1": {"f:spec": {"f:addresses": {}}}}])",
       R"("hosts": ["a.global"], "addresses": ["245.1.2.3"])", "null"},
      {"with a list of ours that is not one address",
       R"("name": "a", "managedFields": [{"manager": "meridian", "operation": "Apply", "fieldsV1": {"f:spec": {"f:addresses": {}}}}])",
       R"("hosts": ["a.global"], "addresses": ["245.1.2.3", "245.1.2.4"])", "null"},
      {"with ports", R"("name": "a")",
       R"("hosts": ["a.global"], "ports": [{"name": "http", "number": 80}, {"name": "dns", "number": 53, "protocol": "UDP"}])",
       "null"},
      {"with a gateway endpoint", R"("name": "a")",
       R"("hosts": ["a.global"], "resolution": "DNS", "endpoints": [{"address": "1.2.3.4", "ports": {"http": 15443}}])",
       "null"},
      {"with other endpoints", R"("name": "a")",
       R"("hosts": ["a.global"], "resolution": "DNS_ROUND_ROBIN", "endpoints": [{"address": "1.2.3.4"}, {}])", "null"},
      {"with a selector", R"("name": "a")",
       R"("hosts": ["a.global"], "resolution": "STATIC", "workloadSelector": {"labels": {"app": "a"}})", "null"},
      {"with exportTo", R"("name": "a")",
       R"("hosts": ["a.global"], "resolution": "DYNAMIC_DNS", "exportTo": [".", "b"])", "null"},
      {"with a status", R"("name": "a")", R"("hosts": ["a.global"])",
       R"({"addresses": [{"value": "240.240.0.1", "host": "A.global"}, {"value": "2001:2::1", "host": "gone.global"}]})"},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      const std::string text = R"({"metadata": {)" + std::string(c.metadata) + R"(}, "spec": {)" + c.spec +
                               R"(}, "status": )" + c.status + "}";
      const Decoded once = decode(boost::json::parse(text));
      REQUIRE(once.entry.has_value());
      const auto document = encode(*once.entry);
      CHECK(is_service_entry(document.as_object()));
      const Decoded twice = decode(document);
      CHECK(twice.problem == "");
      REQUIRE(twice.entry.has_value());
      CHECK(*twice.entry == *once.entry);
    }
  }
}
