#include <doctest/doctest.h>

#include <string>

#include "config/form.hpp"

using namespace meridian::config;

TEST_CASE("an endpoint is an address with or without a port") {
  struct {
    const char* title;
    std::string text;
    std::string endpoint;  // empty: refused
  } cases[] = {
      {"v4 and port", "127.0.0.1:5300", "127.0.0.1:5300"},
      {"v4 alone", "10.0.0.1", "10.0.0.1:53"},
      {"v6 and port", "[::1]:5300", "[::1]:5300"},
      {"v6 in brackets", "[fd00::1]", "[fd00::1]:53"},
      {"v6 alone", "fd00::1", "[fd00::1]:53"},
      {"unspecified", "::", "[::]:53"},
      {"port zero", "127.0.0.1:0", "127.0.0.1:0"},
      {"the largest port", "127.0.0.1:65535", "127.0.0.1:65535"},
      {"mapped v4 is v4", "[::ffff:10.0.0.1]:53", "10.0.0.1:53"},
      {"a port too large", "127.0.0.1:65536", ""},
      {"no port after the colon", "127.0.0.1:", ""},
      {"a port that is no number", "127.0.0.1:domain", ""},
      {"no address before the colon", ":53", ""},
      {"a name", "localhost:53", ""},
      {"v4 in brackets", "[10.0.0.1]:53", ""},
      {"an open bracket", "[::1", ""},
      {"something after the bracket", "[::1]53", ""},
      {"a CIDR", "10.0.0.0/8", ""},
      {"too few octets", "10.1", ""},
      {"leading zeros", "010.0.0.1", ""},
      {"an interface that is not there", "fe80::1%no-such-interface", ""},
      {"a zero octet at the end", std::string("10.0.0.1\0", 9), ""},
      {"a zero octet in between", std::string("10.0.0.1\0:53", 12), ""},
      {"nothing", "", ""},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      const auto parsed = endpoint(std::uint16_t{53}).parse(c.text);
      CHECK((parsed ? parsed->to_text() : "") == c.endpoint);
    }
  }
}

TEST_CASE("an endpoint without a default needs its port") {
  CHECK(endpoint(std::nullopt).parse("127.0.0.1:80").has_value());
  CHECK_FALSE(endpoint(std::nullopt).parse("127.0.0.1").has_value());
  CHECK_FALSE(endpoint(std::nullopt).parse("[::1]").has_value());
}

TEST_CASE("a CIDR loses its host bits") {
  struct {
    const char* title;
    std::string text;
    std::string cidr;  // empty: refused
  } cases[] = {
      {"v4", "10.0.0.0/8", "10.0.0.0/8"},
      {"host bits", "10.1.2.3/8", "10.0.0.0/8"},
      {"an address", "10.1.2.3", "10.1.2.3/32"},
      {"everything", "0.0.0.0/0", "0.0.0.0/0"},
      {"v6", "fd00::1/8", "fd00::/8"},
      {"a v6 address", "fd00::1", "fd00::1/128"},
      {"all of v6", "::/0", "::/0"},
      {"mapped v4 is v4", "::ffff:10.0.0.1/104", "10.0.0.0/8"},
      {"a mapped address", "::ffff:10.0.0.1", "10.0.0.1/32"},
      {"more than the mapped v4", "::ffff:10.0.0.1/95", ""},
      {"too long for v4", "10.0.0.0/33", ""},
      {"too long for v6", "::/129", ""},
      {"no length", "10.0.0.0/", ""},
      {"a mask", "10.0.0.0/255.0.0.0", ""},
      {"negative", "10.0.0.0/-1", ""},
      {"an interface", "fe80::1%1/64", ""},
      {"a zero octet", std::string("10.0.0.0\0/8", 11), ""},
      {"a word", "pools", ""},
      {"nothing", "", ""},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      const auto parsed = cidr().parse(c.text);
      CHECK((parsed ? parsed->to_text() : "") == c.cidr);
    }
  }
}

TEST_CASE("a CIDR contains what lies in it") {
  struct {
    const char* title;
    const char* outer;
    const char* inner;
    bool contains;
  } cases[] = {
      {"itself", "10.0.0.0/8", "10.0.0.0/8", true},
      {"a part", "10.0.0.0/8", "10.255.0.0/16", true},
      {"an address", "10.0.0.0/8", "10.255.255.255", true},
      {"not the wider one", "10.0.0.0/9", "10.0.0.0/8", false},
      {"not the neighbour", "10.0.0.0/9", "10.128.0.0/9", false},
      {"everything", "0.0.0.0/0", "255.255.255.255", true},
      {"not the other family", "0.0.0.0/0", "::/0", false},
      {"nor the other way round", "::/0", "0.0.0.0/0", false},
      {"a part of v6", "fd00::/8", "fd12:3456::/32", true},
      {"not outside of it", "fd00::/8", "fc00::/8", false},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      CHECK(cidr().parse(c.outer)->contains(*cidr().parse(c.inner)) == c.contains);
    }
  }
}

TEST_CASE("an upstream is an address or a path with a slash") {
  const auto form = upstream();
  CHECK(form.parse("10.96.0.10") == Forward::Upstream(Endpoint{boost::asio::ip::make_address("10.96.0.10"), 53}));
  CHECK(form.parse("/etc/resolv.conf") == Forward::Upstream(std::filesystem::path("/etc/resolv.conf")));
  CHECK(form.parse("./resolv.conf") == Forward::Upstream(std::filesystem::path("./resolv.conf")));
  const std::string label(63, 'a');
  CHECK(form.parse("tls://10.0.0.1#" + label).has_value());
  CHECK_FALSE(form.parse("tls://10.0.0.1#" + label + "a").has_value());
  CHECK_FALSE(form.parse("tls://10.0.0.1#" + label + "." + label + "." + label + "." + label).has_value());
  for (const char* wrong : {"resolv.conf", "dns.google", "dns.google:53", "10.0.0.1:0", "0.0.0.0", "[::]:53", ""}) {
    CAPTURE(wrong);
    CHECK_FALSE(form.parse(wrong).has_value());
  }
}
