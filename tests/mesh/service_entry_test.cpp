#include "mesh/entries.hpp"

#include <doctest/doctest.h>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

#include <meridian/mesh/service_entry.hpp>

using namespace meridian::mesh;
using meridian::mesh::testing::joined;

namespace {

Decoded decode_text(const std::string& text) {
  return decode(boost::json::parse(text));
}
Decoded decode_spec(const std::string& spec) {
  return decode_text(R"({"metadata": {"namespace": "bar", "name": "httpbin"}, "spec": )" + spec + "}");
}
Decoded decode_metadata(const std::string& metadata) {
  return decode_text(R"({"metadata": )" + metadata + R"(, "spec": {"hosts": ["a.global"], "resolution": "STATIC"}})");
}

}  // namespace

TEST_CASE("a document is a ServiceEntry") {
  struct {
    const char* title;
    const char* document;
    bool is;
  } cases[] = {
      {"of v1", R"({"apiVersion": "networking.istio.io/v1", "kind": "ServiceEntry"})", true},
      {"of v1beta1", R"({"apiVersion": "networking.istio.io/v1beta1", "kind": "ServiceEntry"})", true},
      {"of v1alpha3", R"({"apiVersion": "networking.istio.io/v1alpha3", "kind": "ServiceEntry"})", true},
      {"not of another version", R"({"apiVersion": "networking.istio.io/v2", "kind": "ServiceEntry"})", false},
      {"not of another group", R"({"apiVersion": "networking.example/v1", "kind": "ServiceEntry"})", false},
      {"not of another kind", R"({"apiVersion": "networking.istio.io/v1", "kind": "Gateway"})", false},
      {"not without a version", R"({"kind": "ServiceEntry"})", false},
      {"not without a kind", R"({"apiVersion": "networking.istio.io/v1"})", false},
      {"not with wrong types", R"({"apiVersion": 1, "kind": ["ServiceEntry"]})", false},
  };
  for (const auto& c : cases) SUBCASE(c.title) {
      CHECK(is_service_entry(boost::json::parse(c.document).as_object()) == c.is);
    }
}

TEST_CASE("an entry is skipped whole, and says why") {
  const std::string entry = R"({"metadata": {"name": "a"}, )";
  struct {
    const char* title;
    std::string document;
    std::string problem;
  } cases[] = {
      {"it is no object", R"("ServiceEntry")", "the document: found a string, expected an object"},
      {"it is null", "null", "the document: found null, expected an object"},
      {"it is empty", "{}", "metadata.name is missing: give the entry a name"},
      {"it has no name", R"({"metadata": {}})", "metadata.name is missing: give the entry a name"},
      {"its name is a number", R"({"metadata": {"name": 7}})", "metadata.name: found the number 7, expected a string"},
      {"its metadata is a list", R"({"metadata": []})", "metadata: found a list, expected an object"},
      {"it has no spec", R"({"metadata": {"name": "a"}})", "spec.hosts is empty: name at least one host"},
      {"its hosts are null", entry + R"("spec": {"hosts": null}})", "spec.hosts is empty: name at least one host"},
      {"it has no hosts", entry + R"("spec": {"hosts": []}})", "spec.hosts is empty: name at least one host"},
      {"its hosts are a string", entry + R"("spec": {"hosts": "x"}})", "spec.hosts: found a string, expected a list"},
      {"one host is null", entry + R"("spec": {"hosts": ["a", "b", null]}})",
       "spec.hosts[2]: found null, expected a string"},
      {"one host is *", entry + R"("spec": {"hosts": ["a.global", "*"]}})",
       "spec.hosts[1] is \"*\": name a host, or a wildcard such as *.bar.global"},
      {"no host can be served", entry + R"("spec": {"hosts": ["-a.global", "b..global"]}})",
       "spec.hosts has no host that can be served; spec.hosts[1]: \"b..global\" has an empty label; this host is not "
       "served"},
      {"its resolution is unknown", entry + R"("spec": {"hosts": ["a"], "resolution": "dns"}})",
       "spec.resolution is \"dns\": write NONE, STATIC, DNS, DNS_ROUND_ROBIN or DYNAMIC_DNS"},
      {"its resolution is a number", entry + R"("spec": {"hosts": ["a"], "resolution": 1}})",
       "spec.resolution: found the number 1, expected a string"},
      {"it has both selector and endpoints",
       entry + R"("spec": {"hosts": ["a"], "endpoints": [{"address": "10.0.0.1"}], "workloadSelector": {}}})",
       "spec has both workloadSelector and endpoints: keep one of them"},
      {"an address is a number", entry + R"("spec": {"hosts": ["a"], "addresses": [240]}})",
       "spec.addresses[0]: found the number 240, expected a string"},
      {"its status is a string", entry + R"("spec": {"hosts": ["a"]}, "status": "ok"})",
       "status: found a string, expected an object"},
      {"a status address is a string", entry + R"("spec": {"hosts": ["a"]}, "status": {"addresses": ["10.0.0.1"]}})",
       "status.addresses[0]: found a string, expected an object"},
      {"a port number is a string", entry + R"("spec": {"hosts": ["a"], "ports": [{"number": "80"}]}})",
       "spec.ports[0].number: found a string, expected a whole number"},
      {"an annotation is an object", R"({"metadata": {"name": "a", "annotations": {"meridian.internal/ttl": {}}}})",
       "metadata.annotations.meridian.internal/ttl: found an object, expected a string"},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      const Decoded decoded = decode_text(c.document);
      CHECK_FALSE(decoded.entry.has_value());
      CHECK(decoded.problem == c.problem);
    }
  }
}

TEST_CASE("a skipped entry is known by its key as far as it could be read") {
  CHECK(decode_spec("7").key.to_text() == "bar/httpbin");
  CHECK(decode_text(R"({"metadata": {"namespace": "bar"}})").key.to_text() == "bar/");
  CHECK(decode_text("7").key.to_text() == "/");
}

TEST_CASE("hosts are taken one by one") {
  struct {
    const char* title;
    const char* hosts;
    const char* taken;
    const char* warnings;
  } cases[] = {
      {"several", R"(["a.global", "*.b.global"])", "a.global *.b.global", ""},
      {"in one spelling, once", R"(["A.Global", "a.global.", "a.global"])", "a.global", ""},
      {"less a partial wildcard, with one warning", R"(["*foo.bar.global", "a.global"])", "a.global",
       "spec.hosts[0]: \"*foo.bar.global\" is a partial wildcard, and Envoy knows only a whole first label `*`; this "
       "host is not served"},
      {"less one with an empty label", R"(["a.global", ".b"])", "a.global",
       "spec.hosts[1]: \".b\" has an empty label; this host is not served"},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      const Decoded decoded = decode_spec(R"({"hosts": )" + std::string(c.hosts) + "}");
      REQUIRE(decoded.entry.has_value());
      CHECK(joined(decoded.entry->hosts) == c.taken);
      CHECK(joined(decoded.warnings, "|") == c.warnings);
    }
  }
}

TEST_CASE("addresses are taken one by one") {
  struct {
    const char* title;
    const char* addresses;
    const char* taken;
    bool has_spec_addresses;
    const char* warnings;
  } cases[] = {
      {"none", "[]", "", false, ""},
      {"null", "null", "", false, ""},
      {"both families, in the order written", R"(["2001:db8::1", "240.0.0.2"])", "2001:db8::1 240.0.0.2", true, ""},
      {"once each, however they are spelt", R"(["240.0.0.2", "240.0.0.2/32", "::ffff:240.0.0.2"])", "240.0.0.2", true,
       ""},
      {"a range serves nothing and is there all the same", R"(["10.0.0.0/8"])", "", true, ""},
      {"rubbish is there all the same", R"(["x"])", "", true,
       "spec.addresses[0]: \"x\" is neither an address nor a CIDR; dropped"},
      {"a loopback address is served with a warning", R"(["127.0.0.9"])", "127.0.0.9", true,
       "spec.addresses[0]: \"127.0.0.9\" is a loopback address, which sidecars may capture"},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      const Decoded decoded = decode_spec(R"({"hosts": ["a.global"], "addresses": )" + std::string(c.addresses) + "}");
      REQUIRE(decoded.entry.has_value());
      CHECK(joined(decoded.entry->addresses) == c.taken);
      CHECK(decoded.entry->has_spec_addresses == c.has_spec_addresses);
      CHECK(joined(decoded.warnings, "|") == c.warnings);
    }
  }
}

TEST_CASE("the rest of the spec") {
  const Decoded decoded =
      decode_spec(R"({"hosts": ["a.global"], "resolution": "DNS_ROUND_ROBIN", "location": "MESH_INTERNAL",
      "ports": [{"name": "http", "number": 80, "protocol": "HTTP"}, {"name": "dns", "number": 53, "protocol": "udp"},
                {"name": "last", "number": 65535}, {"name": "bad", "number": 0}, {"name": "big", "number": 65536}, {"name": "worse"}],
      "endpoints": [{"address": "10.0.0.1", "ports": {"http": 15443}}], "exportTo": [".", "foo"], "unknown": [1]})");
  REQUIRE(decoded.entry.has_value());
  const ServiceEntry& entry = *decoded.entry;
  CHECK(entry.resolution == Resolution::DnsRoundRobin);
  CHECK(entry.ports == std::vector<Port>{{"http", 80, false}, {"dns", 53, true}, {"last", 65535, false}});
  CHECK(entry.has_endpoints);
  CHECK(entry.mesh_gateway);
  CHECK_FALSE(entry.has_selector);
  CHECK(joined(entry.export_to) == ". foo");
  const std::string no_number = " has no number from 1 to 65535; this port has no SRV record";
  CHECK(joined(decoded.warnings, "|") == "spec.ports[3]: \"bad\"" + no_number + "|spec.ports[4]: \"big\"" + no_number +
                                             "|spec.ports[5]: \"worse\"" + no_number);

  CHECK(decode_spec(R"({"hosts": ["a.global"]})").entry->resolution == Resolution::None);
  CHECK(decode_spec(R"({"hosts": ["a.global"], "workloadSelector": {"labels": {"app": "a"}}})").entry->has_selector);
  CHECK_FALSE(decode_spec(R"({"hosts": ["a.global"], "endpoints": [], "workloadSelector": null})").entry->has_selector);
}

TEST_CASE("the metadata says who it is") {
  const Decoded decoded = decode_metadata(
      R"({"name": "a", "uid": "u-1", "resourceVersion": "77", "creationTimestamp": "1970-01-01T00:01:00Z"})");
  REQUIRE(decoded.entry.has_value());
  CHECK(decoded.entry->key.to_text() == "default/a");
  CHECK(decoded.entry->uid == "u-1");
  CHECK(decoded.entry->resource_version == "77");
  CHECK(decoded.entry->created == std::chrono::system_clock::time_point(std::chrono::seconds(60)));
  CHECK(decoded.warnings.empty());

  CHECK_FALSE(decode_metadata(R"({"name": "a", "creationTimestamp": null})").entry->created.has_value());
  const Decoded odd = decode_metadata(R"({"name": "a", "creationTimestamp": "yesterday"})");
  CHECK_FALSE(odd.entry->created.has_value());
  CHECK(joined(odd.warnings) ==
        "metadata.creationTimestamp: \"yesterday\" is no RFC 3339 time; the entry counts as the oldest");
}

TEST_CASE("labels and annotations steer the VIP and the TTL") {
  const std::string label = R"("labels": {"networking.istio.io/enable-autoallocate-ip": )";
  const std::string vip = R"("annotations": {"meridian.internal/vip": )";
  const std::string ttl = R"("annotations": {"meridian.internal/ttl": )";
  struct {
    const char* title;
    std::string metadata;
    bool opts_out;
    const char* pin;
    int ttl;  // -1: none
    const char* warnings;
  } cases[] = {
      {"nothing said", R"("labels": {}, "annotations": null)", false, "", -1, ""},
      {"the label says false", label + R"("false"})", true, "", -1, ""},
      {"the label says False", label + R"("False"})", true, "", -1, ""},
      {"the label says FALSE", label + R"("FALSE"})", true, "", -1, ""},
      {"the label says false without quotes", label + "false}", true, "", -1, ""},
      {"the label says true", label + R"("true"})", false, "", -1, ""},
      {"the label says something else", label + R"("no"})", false, "", -1, ""},
      {"the annotation says none", vip + R"("none"})", true, "", -1, ""},
      {"the annotation says None", vip + R"("None"})", true, "", -1, ""},
      {"the annotation pins an address", vip + R"("245.1.2.3"})", false, "245.1.2.3", -1, ""},
      {"the annotation pins a mapped address", vip + R"("::ffff:245.1.2.3"})", false, "245.1.2.3", -1, ""},
      {"the annotation pins a v6 address", vip + R"("fd00::7"})", false, "fd00::7", -1, ""},
      {"the annotation pins rubbish", vip + R"("yes"})", false, "", -1,
       "metadata.annotations.meridian.internal/vip: \"yes\" is no address to pin: write one such as 245.1.2.3, or "
       "none"},
      {"the annotation pins nobody", vip + R"("0.0.0.0"})", false, "", -1,
       "metadata.annotations.meridian.internal/vip: \"0.0.0.0\" is no address to pin: write one such as 245.1.2.3, or "
       "none"},
      {"a TTL", ttl + R"("5m"})", false, "", 300, ""},
      {"a TTL that is none", ttl + "30}", false, "", -1,
       "metadata.annotations.meridian.internal/ttl: \"30\" is no TTL: write a duration such as 30s, 5m or 1h, below "
       "2^31 seconds"},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      const Decoded decoded = decode_metadata(R"({"name": "a", )" + c.metadata + "}");
      REQUIRE(decoded.entry.has_value());
      const ServiceEntry& entry = *decoded.entry;
      CHECK(entry.opts_out() == c.opts_out);
      CHECK((entry.vip_pin ? entry.vip_pin->to_string() : "") == c.pin);
      CHECK((entry.ttl ? static_cast<int>(entry.ttl->count()) : -1) == c.ttl);
      CHECK(joined(decoded.warnings, "|") == c.warnings);
    }
  }
}

TEST_CASE("status addresses are usable or not") {
  using meridian::mesh::testing::entry;
  struct {
    const char* title;
    const char* line;
    const char* usable;
  } cases[] = {
      {"each for its host", "b/a hosts=x.global,y.global status=240.240.0.1@x.global,2001:2::1@y.global",
       "240.240.0.1@x.global 2001:2::1@y.global"},
      {"whatever the case and the final dot", "b/a hosts=X.global status=240.240.0.1@x.GLOBAL.",
       "240.240.0.1@x.global"},
      {"wildcards literally", "b/a hosts=*.global status=240.240.0.1@*.global,240.240.0.2@x.global",
       "240.240.0.1@*.global"},
      {"not for a host of somebody else", "b/a hosts=x.global status=240.240.0.1@y.global", ""},
      {"not if unparsable", "b/a hosts=x.global status=rubbish@x.global,240.240.0.1@x.global", "240.240.0.1@x.global"},
      {"not 0.0.0.0", "b/a hosts=x.global status=0.0.0.0@x.global", ""},
      {"once", "b/a hosts=x.global status=240.240.0.1@x.global,::ffff:240.240.0.1@x.global", "240.240.0.1@x.global"},
      {"not with resolution NONE", "b/a hosts=x.global resolution=NONE status=240.240.0.1@x.global", ""},
      {"not when the label opts out", "b/a hosts=x.global allocate=false status=240.240.0.1@x.global", ""},
      {"not when the annotation opts out", "b/a hosts=x.global vip=none status=240.240.0.1@x.global", ""},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      const auto decoded = entry(c.line);
      std::vector<std::string> usable;
      for (const StatusAddress& status : decoded->status_addresses) {
        if (usable_status(*decoded, status)) usable.push_back(status.value.to_string() + "@" + status.host);
      }
      CHECK(joined(usable) == c.usable);
    }
  }
}
