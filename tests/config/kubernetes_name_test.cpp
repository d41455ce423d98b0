#include "config/kubernetes_name.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace meridian::config;

// The rules are those of k8s.io/apimachinery, util/validation.
TEST_CASE("names that Kubernetes takes, and as what") {
  const std::string l63(63, 'a'), l253 = l63 + "." + l63 + "." + l63 + "." + std::string(61, 'a');
  struct {
    std::string text;
    bool label, subdomain, key, value;
  } cases[] = {
      {"istio-system", true, true, true, true},
      {"a", true, true, true, true},
      {"9", true, true, true, true},
      {l63, true, true, true, true},
      {"a--b", true, true, true, true},
      {l63 + "a", false, true, false, false},  // the parts of a subdomain have no limit of their own
      {"a.b", false, true, true, true},
      {l253, false, true, false, false},
      {l253 + "a", false, false, false, false},
      {"", false, false, false, true},
      {"-a", false, false, false, false},
      {"a-", false, false, false, false},
      {"a.-b", false, false, true, true},
      {"a-.b", false, false, true, true},
      {".a", false, false, false, false},
      {"a.", false, false, false, false},
      {"a..b", false, false, true, true},
      {"a_b", false, false, true, true},
      {"_a", false, false, false, false},
      {"Web", false, false, true, true},
      {"a b", false, false, false, false},
      {"a:b", false, false, false, false},
      {"*", false, false, false, false},
      {"m\xc3\xbcnchen", false, false, false, false},
      {std::string("a\0b", 3), false, false, false, false},
      {"istio.io/rev", false, false, true, false},
      {"Istio.io/rev", false, false, false, false},
      {l253 + "/" + l63, false, false, true, false},
      {l253 + "a/b", false, false, false, false},
      {"a/" + l63 + "a", false, false, false, false},
      {"/a", false, false, false, false},
      {"a/", false, false, false, false},
      {"a/b/c", false, false, false, false},
      {"a/_b", false, false, false, false},
  };
  for (const auto& c : cases) {
    CAPTURE(c.text);
    CHECK(is_rfc1123_label(c.text) == c.label);
    CHECK(is_rfc1123_subdomain(c.text) == c.subdomain);
    CHECK(is_label_key(c.text) == c.key);
    CHECK(is_label_value(c.text) == c.value);
  }
}

TEST_CASE("an object's name may have a limit of its own") {
  CHECK(object_name(5).parse("abc.d") == "abc.d");
  CHECK_FALSE(object_name(5).parse("abc.de").has_value());
  CHECK_FALSE(object_name(5).parse("").has_value());
  CHECK_FALSE(object_name(5).parse("Abc").has_value());
}

TEST_CASE("a ConfigMap is a namespace and a name") {
  const auto form = config_map_name();
  CHECK(form.parse("admiral-sync/se-address.configmap") == ConfigMapName{"admiral-sync", "se-address.configmap"});
  for (const char* wrong : {"", "a", "/", "a/", "/b", "a/b/c", "a.b/c", "A/b", "a/B", "a /b"}) {
    CAPTURE(wrong);
    CHECK_FALSE(form.parse(wrong).has_value());
  }
}
