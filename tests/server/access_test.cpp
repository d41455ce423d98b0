#include "server/access.hpp"

#include <doctest/doctest.h>
#include <boost/asio/ip/address.hpp>
#include <string>

#include "server/socket_address.hpp"

using namespace meridian;

namespace {

config::Cidr cidr(const char* address, unsigned prefix) {
  return {boost::asio::ip::make_address(address), prefix};
}

config::Access lists() {
  config::Access access;
  access.queries = {cidr("0.0.0.0", 0), cidr("2001:db8::", 32)};
  access.recursion = {cidr("10.0.0.0", 8), cidr("192.0.2.128", 25),    cidr("198.51.100.7", 32),
                      cidr("fd00::", 8),   cidr("2001:db8:0:1::", 64), cidr("2001:db8::80", 121)};
  access.introspect = {cidr("127.0.0.0", 8), cidr("::1", 128)};
  return access;
}

std::string rights(const server::AccessLists& access, const char* address) {
  const auto from = server::to_socket_address({boost::asio::ip::make_address(address), 1234});
  const auto client = access.client(from.storage, false);
  return std::string(client.may_query ? "query " : "") + (client.may_recurse ? "recurse " : "") +
         (client.may_introspect ? "introspect " : "");
}

}  // namespace

TEST_CASE("a client's rights") {
  const server::AccessLists access(lists());
  const struct {
    const char* title;
    const char* address;
    const char* rights;
  } cases[] = {
      {"in a /0 only", "203.0.113.1", "query "},
      {"first of a /8", "10.0.0.0", "query recurse "},
      {"last of a /8", "10.255.255.255", "query recurse "},
      {"behind a /8", "11.0.0.0", "query "},
      {"in a /25", "192.0.2.128", "query recurse "},
      {"before a /25", "192.0.2.127", "query "},
      {"a /32", "198.51.100.7", "query recurse "},
      {"beside a /32", "198.51.100.6", "query "},
      {"in two lists", "127.0.0.1", "query introspect "},
      {"IPv6 in no list", "2001:db9::1", ""},
      {"IPv6 in a /32", "2001:db8:ffff::1", "query "},
      {"IPv6 in a /8", "fdff::1", "recurse "},
      {"IPv6 in a /64", "2001:db8:0:1:ffff::1", "query recurse "},
      {"IPv6 beside a /64", "2001:db8:0:2::1", "query "},
      {"IPv6 in a /121", "2001:db8::ff", "query recurse "},
      {"IPv6 beside a /121", "2001:db8::7f", "query "},
      {"IPv6 a /128", "::1", "introspect "},
      {"IPv6 beside a /128", "::2", ""},
      {"an IPv4-mapped address counts as IPv4", "::ffff:10.1.2.3", "query recurse "},
      {"an IPv4-mapped address has what everybody with IPv4 has", "::ffff:203.0.113.1", "query "},
  };
  for (const auto& c : cases) SUBCASE(c.title) {
      CHECK(rights(access, c.address) == c.rights);
    }
}

TEST_CASE("empty lists give no rights") {
  CHECK(rights(server::AccessLists{}, "127.0.0.1") == "");
}

TEST_CASE("a client is told apart by its transport") {
  const auto from = server::to_socket_address({boost::asio::ip::make_address("127.0.0.1"), 1});
  CHECK(server::AccessLists{}.client(from.storage, true).tcp);
  CHECK_FALSE(server::AccessLists{}.client(from.storage, false).tcp);
}
