#include "control/explain.hpp"

#include <doctest/doctest.h>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "running_reconciler.hpp"

using namespace meridian;
using namespace meridian::control::test;

TEST_CASE("explain says what is answered, and why") {
  const Scratch scratch;
  scratch.write("a.yaml",
                entry("httpbin", "hosts: [httpbin.bar.global], addresses: [240.0.0.2], resolution: STATIC") +
                    entry("any", "hosts: [\"*.wild.global\"], addresses: [240.0.0.3], resolution: STATIC") +
                    entry("vip", "hosts: [vip.bar.global], resolution: STATIC, endpoints: [{address: 192.0.2.1}]") +
                    entry("none", "hosts: [none.bar.global]"));
  RunningReconciler it(scratch.config());
  REQUIRE(it.until([&] { return it.ask("vip.bar.global").starts_with("NOERROR"); }));

  struct {
    const char* title;
    const char* name;
    dns::Type type;
    const char *rcode, *why, *source;
    std::size_t answers;
  } cases[] = {
      {"a literal", "httpbin.bar.global", dns::Type::A, "NOERROR", "the zone global has it", "literal", 1},
      {"a type that the host lacks", "httpbin.bar.global", dns::Type::AAAA, "NOERROR",
       "NODATA: the name exists and has no AAAA", "literal", 0},
      {"a VIP", "vip.bar.global", dns::Type::A, "NOERROR", "the zone global has it", "vip", 1},
      {"ANY", "vip.bar.global", dns::Type::ANY, "NOERROR", "the zone global has it", "vip", 1},
      {"below a wildcard", "x.y.wild.global", dns::Type::A, "NOERROR", "covered by the wildcard *.wild.global",
       "literal", 1},
      {"between a host and the apex", "bar.global", dns::Type::A, "NOERROR",
       "NODATA: the name exists only because names below it do (RFC 8020)", nullptr, 0},
      {"nobody's name", "nobody.bar.global", dns::Type::A, "NXDOMAIN",
       "no entry names it and no wildcard covers it in global", nullptr, 0},
      {"a host without addresses", "none.bar.global", dns::Type::A, "NOERROR", "NODATA: the name exists and has no A",
       "none", 0},
      {"not ours", "www.example.com", dns::Type::A, nullptr,
       "in no owned zone: forwarded, for clients in access.recursion, to forward.upstreams, of which none is known at "
       "the moment",
       nullptr, 0},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      const auto said = control::explain(it.reconciler(), *dns::Name::from_text(c.name), c.type, {});
      CAPTURE(boost::json::serialize(said));
      CHECK(said.at("why").as_string() == c.why);
      CHECK((c.rcode ? said.at("rcode") == c.rcode : said.at("rcode").is_null()));
      CHECK(said.at("answers").as_array().size() == c.answers);
      REQUIRE(said.at("host").is_null() == (c.source == nullptr));
      if (c.source) CHECK(said.at("host").at("address_source") == c.source);
    }
  }
}
