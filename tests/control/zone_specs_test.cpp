#include "control/zone_specs.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace meridian;
namespace ip = boost::asio::ip;

namespace {

config::Cidr cidr(const char* address, unsigned prefix) {
  return {ip::make_address(address), prefix};
}

std::string joined(const std::vector<dns::Name>& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : " ") + name.to_text();
  return text;
}

const zone::Spec* find(const std::vector<zone::Spec>& specs, std::string_view apex) {
  const auto found = std::ranges::find_if(specs, [&](const auto& spec) { return spec.apex.to_text() == apex; });
  return found == specs.end() ? nullptr : &*found;
}

}  // namespace

TEST_CASE("the reverse zones of a network") {
  struct {
    const char* title;
    config::Cidr network;
    std::string zones;
  } cases[] = {
      {"a /8 is one octet zone", cidr("245.0.0.0", 8), "245.in-addr.arpa"},
      {"a /24 is three octets deep", cidr("10.1.2.0", 24), "2.1.10.in-addr.arpa"},
      {"a /7 is cut in two", cidr("244.0.0.0", 7), "244.in-addr.arpa 245.in-addr.arpa"},
      {"a /30 is cut into four addresses", cidr("245.1.1.4", 30),
       "4.1.1.245.in-addr.arpa 5.1.1.245.in-addr.arpa 6.1.1.245.in-addr.arpa 7.1.1.245.in-addr.arpa"},
      {"an IPv6 network goes by nibbles", cidr("fd00:12::", 32), "2.1.0.0.0.0.d.f.ip6.arpa"},
      {"a /31 of IPv6 is cut in two", cidr("fd00:12::", 31), "2.1.0.0.0.0.d.f.ip6.arpa 3.1.0.0.0.0.d.f.ip6.arpa"},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      CHECK(joined(control::reverse_zones(c.network)) == c.zones);
    }
  }
  SUBCASE("a /12 is sixteen zones") {
    const auto zones = control::reverse_zones(cidr("245.0.0.0", 12));
    REQUIRE(zones.size() == 16);
    CHECK(zones.front().to_text() == "0.245.in-addr.arpa");
    CHECK(zones.back().to_text() == "15.245.in-addr.arpa");
  }
}

TEST_CASE("the reverse name of an address") {
  CHECK(control::reverse_name(ip::make_address("245.3.2.1")).to_text() == "1.2.3.245.in-addr.arpa");
  CHECK(control::reverse_name(ip::make_address("fd00::1")).to_text() ==
        "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa");
}

TEST_CASE("the zones of a configuration") {
  config::Config config;
  const std::vector<config::Endpoint> bound = {{ip::make_address("127.0.0.1"), 53}, {ip::make_address("0.0.0.0"), 53}};

  SUBCASE("the default: global and the pool's reverse zone") {
    const auto specs = control::zone_specs(config, bound);
    REQUIRE(specs.size() == 3);
    CHECK(specs[0].apex.to_text() == "global");
    CHECK(specs[0].ns.to_text() == "ns.dns.global");
    CHECK(specs[0].hostmaster.to_text() == "hostmaster.global");
    REQUIRE(specs[0].ns_addresses.size() == 1);  // a wildcard address is no address to tell
    CHECK(specs[0].ns_addresses[0].to_string() == "127.0.0.1");
    CHECK(specs[1].apex.to_text() == "245.in-addr.arpa");
    CHECK(specs[1].kind == zone::Kind::Reverse);
    CHECK(specs[1].ns.to_text() == "ns.dns.global");
    CHECK(specs[2].kind == zone::Kind::AnyHost);  // for VIPs outside the pools
  }
  SUBCASE("`advertise` is told too") {
    config.advertise = {ip::make_address("10.96.0.53")};
    CHECK(control::zone_specs(config, bound)[0].ns_addresses.size() == 2);
  }
  SUBCASE("`reverse: []` owns none") {
    config.reverse_pools = false;
    CHECK(control::zone_specs(config, bound).size() == 1);
  }
  SUBCASE("a network that is a pool too is one zone") {
    config.reverse = {cidr("245.0.0.0", 8), cidr("10.0.0.0", 8)};
    const auto specs = control::zone_specs(config, bound);
    CHECK(specs.size() == 4);
    CHECK(find(specs, "10.in-addr.arpa") != nullptr);
  }
  SUBCASE("`serve-hosts: any` has a zone for the hosts outside") {
    config.serve_hosts = config::Config::ServeHosts::Any;
    const auto specs = control::zone_specs(config, bound);
    CHECK(specs.back().kind == zone::Kind::AnyHost);
    CHECK(specs.back().apex.is_root());
  }
}
