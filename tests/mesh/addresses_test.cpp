#include <doctest/doctest.h>

#include <string>

#include <meridian/mesh/addresses.hpp>

using namespace meridian::mesh;

namespace {

// "240.0.0.2", "127.0.0.9 (why it is odd)", "dropped (why)", "range".
std::string outcome(std::string_view text) {
  const Literal literal = parse_literal(text);
  if (!literal.address && literal.note.empty()) return "range";
  std::string out = literal.address ? literal.address->to_string() : "dropped";
  if (!literal.note.empty()) out += " (" + literal.note + ")";
  return out;
}

}  // namespace

TEST_CASE("what one address of an entry comes to") {
  struct {
    const char* title;
    std::string text;
    const char* outcome;
  } cases[] = {
      {"a v4 address is served", "240.0.0.2", "240.0.0.2"},
      {"a v6 address is served", "2001:DB8::2", "2001:db8::2"},
      {"/32 is the address", "240.0.0.2/32", "240.0.0.2"},
      {"/128 is the address", "2001:db8::2/128", "2001:db8::2"},
      {"a mapped address is the v4 one", "::ffff:240.0.0.2", "240.0.0.2"},
      {"a mapped address in hexadecimal too", "::ffff:f000:2", "240.0.0.2"},
      {"a mapped /128 too", "::ffff:240.0.0.2/128", "240.0.0.2"},
      {"a wider v4 CIDR is a range", "10.0.0.0/8", "range"},
      {"everything is a range", "0.0.0.0/0", "range"},
      {"a wider v6 CIDR is a range", "2001:db8::/64", "range"},
      {"a mapped /120 is a range", "::ffff:240.0.0.0/120", "range"},
      {"/32 of a v6 address is a range", "2001:db8::/32", "range"},
      {"0.0.0.0 is dropped", "0.0.0.0", "dropped (is nobody's address)"},
      {"0.0.0.0/32 is dropped", "0.0.0.0/32", "dropped (is nobody's address)"},
      {"the mapped 0.0.0.0 is dropped", "::ffff:0.0.0.0", "dropped (is nobody's address)"},
      {"255.255.255.255 is dropped", "255.255.255.255", "dropped (is nobody's address)"},
      {":: is dropped", "::", "dropped (is nobody's address)"},
      {"multicast is served with a warning", "224.0.0.9",
       "224.0.0.9 (is a multicast address, and sidecars do not route those)"},
      {"the end of multicast too", "239.255.255.255",
       "239.255.255.255 (is a multicast address, and sidecars do not route those)"},
      {"v6 multicast too", "ff02::9", "ff02::9 (is a multicast address, and sidecars do not route those)"},
      {"loopback is served with a warning", "127.0.0.9",
       "127.0.0.9 (is a loopback address, which sidecars may capture)"},
      {"v6 loopback too", "::1", "::1 (is a loopback address, which sidecars may capture)"},
      {"a name is dropped", "httpbin", "dropped (is neither an address nor a CIDR)"},
      {"nothing is dropped", "", "dropped (is neither an address nor a CIDR)"},
      {"three octets are dropped", "240.0.0", "dropped (is neither an address nor a CIDR)"},
      {"a leading zero is dropped: octal to some", "240.0.0.010", "dropped (is neither an address nor a CIDR)"},
      {"blanks are dropped", " 240.0.0.2", "dropped (is neither an address nor a CIDR)"},
      {"a port is dropped", "240.0.0.2:80", "dropped (is neither an address nor a CIDR)"},
      {"brackets are dropped", "[2001:db8::2]", "dropped (is neither an address nor a CIDR)"},
      {"a scope is dropped", "fe80::1%1", "dropped (is neither an address nor a CIDR)"},
      {"what hides behind a NUL is dropped", std::string("240.0.0.2\0x", 11),
       "dropped (is neither an address nor a CIDR)"},
      {"/33 is dropped", "240.0.0.2/33", "dropped (is neither an address nor a CIDR)"},
      {"/129 is dropped", "2001:db8::2/129", "dropped (is neither an address nor a CIDR)"},
      {"an empty prefix length is dropped", "240.0.0.2/", "dropped (is neither an address nor a CIDR)"},
      {"a negative one is dropped", "240.0.0.2/-1", "dropped (is neither an address nor a CIDR)"},
      {"a netmask is dropped", "10.0.0.0/255.0.0.0", "dropped (is neither an address nor a CIDR)"},
      {"a huge one is dropped", "10.0.0.0/99999999999", "dropped (is neither an address nor a CIDR)"},
  };
  for (const auto& c : cases) SUBCASE(c.title) {
      CHECK(outcome(c.text) == c.outcome);
    }
}
