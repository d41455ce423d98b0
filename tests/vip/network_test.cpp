#include <doctest/doctest.h>

#include <meridian/vip/network.hpp>
#include <string>

using namespace meridian::vip;
using boost::asio::ip::make_address;

TEST_CASE("a network is read from text") {
  struct {
    const char* title;
    const char* text;
    const char* expected;  // "": refused
  } rows[] = {
      {"a CIDR of each family", "245.0.0.0/8", "245.0.0.0/8"},
      {"and of IPv6", "fd00:1::/48", "fd00:1::/48"},
      {"an address is a network of one", "245.1.2.3", "245.1.2.3/32"},
      {"also of IPv6", "fd00::1", "fd00::1/128"},
      {"host bits are cleared", "245.1.2.3/12", "245.0.0.0/12"},
      {"also in the middle of an octet of IPv6", "fd00:1:2:ffff::1/50", "fd00:1:2:c000::/50"},
      {"everything", "0.0.0.0/0", "0.0.0.0/0"},
      {"a prefix over 32", "245.0.0.0/33", ""},
      {"a prefix over 128", "fd00::/129", ""},
      {"no prefix after the slash", "245.0.0.0/", ""},
      {"a sign", "245.0.0.0/+8", ""},
      {"something after the prefix", "245.0.0.0/8 ", ""},
      {"three octets", "245.0.0/8", ""},
      {"a zone", "fe80::1%eth0/64", ""},
      {"nothing", "", ""},
      {"a name", "localhost", ""},
  };
  for (const auto& row : rows) {
    SUBCASE(row.title) {
      const auto network = Network::parse(row.text);
      CHECK((network ? network->to_text() : "") == row.expected);
    }
  }
}

TEST_CASE("a network contains what shares its prefix") {
  struct {
    const char* network;
    const char* address;
    bool inside;
  } rows[] = {
      {"245.0.0.0/8", "245.255.255.255", true},
      {"245.0.0.0/8", "246.0.0.0", false},
      {"242.0.0.0/7", "243.1.1.1", true},
      {"242.0.0.0/7", "244.0.0.0", false},
      {"0.0.0.0/0", "8.8.8.8", true},
      {"0.0.0.0/0", "::1", false},
      {"fd00::/47", "fd00:0:1::1", true},
      {"fd00::/48", "fd00:0:1::1", false},
      {"245.1.2.3/32", "245.1.2.3", true},
      {"245.1.2.3/32", "245.1.2.2", false},
      {"::/0", "fe80::1", true},
      {"::/0", "1.2.3.4", false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.network);
    CAPTURE(row.address);
    CHECK(Network::parse(row.network)->contains(make_address(row.address)) == row.inside);
  }
}

TEST_CASE("a network contains networks that are not wider") {
  const auto net = [](const char* text) { return *Network::parse(text); };
  CHECK(net("240.0.0.0/4").contains(net("245.0.0.0/8")));
  CHECK(net("245.0.0.0/8").contains(net("245.0.0.0/8")));
  CHECK_FALSE(net("245.0.0.0/8").contains(net("240.0.0.0/4")));
  CHECK(net("245.0.0.0/8").overlaps(net("240.0.0.0/4")));
  CHECK_FALSE(net("245.0.0.0/8").overlaps(net("246.0.0.0/8")));
}

TEST_CASE("the low bits of an address can be taken and put back") {
  CHECK(low_bits(make_address("245.0.1.2")) == 0xf5000102);
  CHECK(low_bits(make_address("fd00::1:2")) == 0x10002);
  CHECK(with_low_bits(make_address("10.0.0.0"), 0xf5000102) == make_address("245.0.1.2"));
  CHECK(with_low_bits(make_address("fd00:1:2:3::9"), 0x8000000000000002) == make_address("fd00:1:2:3:8000::2"));
}
