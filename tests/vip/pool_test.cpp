#include <doctest/doctest.h>

#include <algorithm>
#include <meridian/vip/pool.hpp>
#include <string>

using namespace meridian::vip;
using boost::asio::ip::make_address;

namespace {

std::vector<Network> nets(std::initializer_list<const char*> texts) {
  std::vector<Network> all;
  for (const auto* text : texts) all.push_back(*Network::parse(text));
  return all;
}

Network net(const char* text) {
  return *Network::parse(text);
}

}  // namespace

TEST_CASE("which networks can be pools") {
  struct {
    const char* title;
    const char* network;
    bool refused;
  } rows[] = {
      {"the default", "245.0.0.0/8", false},
      {"all of class E", "240.0.0.0/4", false},
      {"a private range", "10.96.0.0/12", false},
      {"a v6 range", "fd00:1::/64", false},
      {"multicast", "224.0.0.0/4", true},
      {"a part of multicast", "239.1.0.0/16", true},
      {"what has multicast inside", "192.0.0.0/2", true},
      {"loopback", "127.0.0.0/8", true},
      {"this network", "0.1.0.0/16", true},
      {"everything", "0.0.0.0/0", true},
      {"istiod's own", "240.240.0.0/16", true},
      {"a part of Submariner's", "243.7.0.0/16", true},
      {"broadcast's /8", "255.0.0.0/8", true},
      {"one address that ends in 0", "245.1.1.0/32", true},
      {"one that does not", "245.1.1.1/32", false},
      {"the last two addresses of a /24, one of them good", "245.1.1.254/31", false},
      {"v6 multicast", "ff05::/64", true},
      {"v6 link-local", "fe80::/64", true},
      {"v4-mapped", "::ffff:245.0.0.0/104", true},
  };
  for (const auto& row : rows) {
    SUBCASE(row.title) {
      CHECK(Pool::refuse(net(row.network)).has_value() == row.refused);
    }
  }
}

TEST_CASE("which addresses of a pool may be given") {
  const Pool pool(nets({"240.0.0.0/4", "10.1.0.0/16", "fd00::/64"}), nets({"245.1.0.0/16", "245.9.9.9", "fd00::/120"}));
  struct {
    const char* title;
    const char* address;
    bool usable;
  } rows[] = {
      {"an ordinary one", "245.0.0.1", true},
      {"of another network of the pool", "10.1.2.3", true},
      {"of none", "10.2.2.3", false},
      {"Admiral's", "240.0.9.9", false},
      {"behind Admiral's", "240.1.0.1", true},
      {"istiod's", "240.240.1.1", false},
      {"Submariner's", "242.1.1.1", false},
      {"Submariner's, second half", "243.255.1.1", false},
      {"behind Submariner's", "244.0.0.1", true},
      {"broadcast's /8", "255.1.1.1", false},
      {"last octet 0", "245.7.7.0", false},
      {"last octet 255", "245.7.7.255", false},
      {"in an excluded CIDR", "245.1.77.1", false},
      {"an excluded address", "245.9.9.9", false},
      {"its neighbour", "245.9.9.8", true},
      {"an excluded v6 one", "fd00::7f", false},
      {"a v6 one that ends in 00, which is nothing special there", "fd00::1:0", true},
  };
  for (const auto& row : rows) {
    SUBCASE(row.title) {
      CHECK(pool.usable(make_address(row.address)) == row.usable);
    }
  }
}

TEST_CASE("places run through the networks in the order given, and back") {
  const Pool pool(nets({"245.7.0.4/30", "fd00::/126", "10.0.0.0/29"}), {});
  CHECK(pool.places(Family::V4) == 12);
  CHECK(pool.places(Family::V6) == 4);
  CHECK(pool.at(Family::V4, 0) == make_address("245.7.0.4"));
  CHECK(pool.at(Family::V4, 3) == make_address("245.7.0.7"));
  CHECK(pool.at(Family::V4, 4) == make_address("10.0.0.0"));
  CHECK(pool.at(Family::V6, 3) == make_address("fd00::3"));
  for (std::uint64_t place = 0; place < 12; ++place) CHECK(pool.place_of(pool.at(Family::V4, place)) == place);
  CHECK_FALSE(pool.place_of(make_address("10.0.0.8")).has_value());
}

TEST_CASE("a network inside another adds nothing") {
  const Pool pool(nets({"245.1.0.0/16", "245.0.0.0/8", "245.0.0.0/8"}), {});
  CHECK(pool.networks() == nets({"245.0.0.0/8"}));
  CHECK(pool.places(Family::V4) == 1u << 24);
  CHECK_FALSE(pool.has(Family::V6));
}

TEST_CASE("v6 networks share 2^63 places") {
  CHECK(Pool(nets({"fd00::/64"}), {}).places(Family::V6) == std::uint64_t{1} << 63);
  const Pool three(nets({"fd00::/48", "fd01::/32", "fd02::/120"}), {});
  CHECK(three.places(Family::V6) == (std::uint64_t{1} << 62) + 256);
  CHECK(three.at(Family::V6, (std::uint64_t{1} << 61) + 5) == make_address("fd01::5"));
}

TEST_CASE("usable addresses are counted as if one by one") {
  const auto excluded =
      nets({"245.1.0.0/24", "245.1.0.7", "245.1.2.250/31", "245.1.3.255", "240.0.0.0/24", "fd00::/121"});
  struct {
    const char* network;
    std::uint64_t usable;
  } rows[] = {
      {"245.7.0.4/30", 4},   {"245.7.0.0/30", 3},           {"245.7.0.252/30", 3}, {"245.7.0.8/32", 1},
      {"245.7.0.0/24", 254}, {"245.1.0.0/22", 3 * 254 - 2}, {"245.1.0.0/26", 0},   {"fd00::/120", 128},
      {"fd00::/127", 0},     {"240.0.0.0/15", 256 * 254},   {"245.1.3.254/31", 1}, {"242.0.0.0/8", 0},
      {"245.7.0.255/32", 0},
  };
  for (const auto& row : rows) {
    CAPTURE(row.network);
    const Pool pool(nets({row.network}), excluded);
    const auto family = net(row.network).family();
    CHECK(pool.usable_in(net(row.network)) == row.usable);
    CHECK(pool.usable_in(family) == row.usable);
    std::uint64_t counted = 0, in_blocks = 0;
    for (std::uint64_t place = 0; place < std::min<std::uint64_t>(pool.places(family), 1 << 17); ++place) {
      const bool usable = pool.usable(pool.at(family, place));
      const auto block = pool.usable_block(family, place / Pool::kBlock);
      counted += usable;
      in_blocks += usable == (block[place % Pool::kBlock / 64] >> place % 64 & 1);
    }
    CHECK(counted == row.usable);
    CHECK(in_blocks == pool.places(family) - (pool.places(family) > 1 << 17 ? pool.places(family) - (1 << 17) : 0));
  }
}

TEST_CASE("a block may lie over several networks") {
  const Pool pool(nets({"245.7.0.4/30", "10.0.0.0/29", "10.1.0.16/28"}), nets({"10.0.0.2/31"}));
  const auto block = pool.usable_block(Family::V4, 0);
  //              10.1.0.16/28        10.0.0.0/29 less .0 .2 .3   245.7.0.4/30
  CHECK(block[0] == (0xffffull << 12 | 0b11110010ull << 4 | 0b1111ull));
}

TEST_CASE("an excluded CIDR is skipped in one step") {
  const Pool pool(nets({"240.0.0.0/4"}), {});
  const auto place = [&](const char* address) { return *pool.place_of(make_address(address)); };
  CHECK(pool.skip_excluded(Family::V4, place("242.0.0.0")) == place("244.0.0.0"));
  CHECK(pool.skip_excluded(Family::V4, place("243.1.2.3")) == place("244.0.0.0"));
  CHECK(pool.skip_excluded(Family::V4, place("244.0.0.0")) == place("244.0.0.0"));
  CHECK(pool.skip_excluded(Family::V4, place("255.9.9.9")) == pool.places(Family::V4));
}
