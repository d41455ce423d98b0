#include "upstream/own_addresses.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace meridian;

namespace {

config::Endpoint at(const std::string& address, std::uint16_t port = 53) {
  return {boost::asio::ip::make_address(address), port};
}

}  // namespace

TEST_CASE("which addresses are ourselves") {
  const struct {
    const char* title;
    config::Endpoint listening;
    config::Endpoint target;
    bool ours;
  } cases[] = {
      {"the one we listen on", at("127.0.0.1"), at("127.0.0.1"), true},
      {"another port of it", at("127.0.0.1"), at("127.0.0.1", 5353), false},
      {"another one", at("127.0.0.1"), at("127.0.0.53"), false},
      {"the other family", at("127.0.0.1"), at("::1"), false},
      {"the unspecified one, which is loopback", at("127.0.0.1"), at("0.0.0.0"), true},
      {"in IPv6 too", at("::1"), at("::"), true},
      {"IPv4 in the clothes of IPv6", at("127.0.0.1"), at("::ffff:127.0.0.1"), true},
      {"any of loopback where we listen on all", at("0.0.0.0"), at("127.0.0.53"), true},
      {"loopback of the other family", at("0.0.0.0"), at("::1"), false},
      {"an address of nobody here", at("0.0.0.0"), at("192.0.2.1"), false},
      {"and of IPv6", at("::"), at("2001:db8::1"), false},
  };
  for (const auto& c : cases)
    SUBCASE(c.title) CHECK(upstream::listening_at({at("10.255.0.1"), c.listening})(c.target) == c.ours);
}
