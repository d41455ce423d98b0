// RDATA in the replies of upstreams, type by type.

#include <meridian/dns/reply.hpp>

#include <doctest/doctest.h>

#include "wire_text.hpp"

using namespace meridian::dns;
using namespace meridian::dns::test;

namespace {

const std::string kQuestion = "'example.com' 00ff 0001";  // octets 12 to 28

std::string number(unsigned value) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const int shift : {12, 8, 4, 0}) text.push_back(kDigits[value >> shift & 15]);
  return text;
}

// A reply with one answer at the question's name; its RDATA begins at 41 (0x29).
Octets reply_with(unsigned type, const std::string& rdata) {
  return wire("1234 8180 0001 0001 0000 0000" + kQuestion + "c00c" + number(type) + "0001 00000000" +
              number(static_cast<unsigned>(wire(rdata).size())) + rdata);
}

bool believed(const Octets& packet) {
  static const Octets question = wire(kQuestion);
  return check_reply(packet, 0x1234, question, CaseCheck::Exact).has_value();
}

}  // namespace

TEST_CASE("RDATA that its type allows") {
  const std::string five = "00000001 00000002 00000003 00000004 00000005";
  struct {
    const char* title;
    unsigned type;
    std::string rdata;
  } cases[] = {
      {"A", 1, "c0000201"},
      {"AAAA", 28, "20010db8 00000000 00000000 00000001"},
      {"NS, compressed", 2, "02 6e73 c00c"},
      {"CNAME, not compressed", 5, "'www.example.org'"},
      {"SOA", 6, "c00c 'hostmaster.example.com'" + five},
      {"PTR to the root", 12, "00"},
      {"MX", 15, "000a c00c"},
      {"TXT", 16, "03616263"},
      {"TXT of several strings, an empty one too", 16, "03616263 00 0161"},
      {"SRV, not compressed", 33, "0000 0064 0050 'a.example.com'"},
      {"SRV, compressed", 33, "0000 0064 0050 c00c"},
      {"DNAME", 39, "'example.org'"},
      {"HINFO", 13, "0161 0162"},
      {"MINFO", 14, "c00c c00c"},
      {"NAPTR", 35, "0001 0002 0173 00 00 'example.com'"},
      {"an unknown type is opaque", 65280, "c0ff 41"},
      {"an unknown type may be empty", 65280, ""},
      {"NULL may be anything", 10, "ffff"},
      {"HTTPS is opaque", 65, "0001 00"},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      CHECK(believed(reply_with(c.type, c.rdata)));
    }
  }
}

TEST_CASE("RDATA that its type does not allow") {
  const std::string five = "00000001 00000002 00000003 00000004 00000005";
  struct {
    const char* title;
    unsigned type;
    std::string rdata;
  } cases[] = {
      {"A of 3 octets", 1, "c00002"},
      {"A of 5 octets", 1, "c000020100"},
      {"A of none", 1, ""},
      {"AAAA of 4 octets", 28, "c0000201"},
      {"AAAA of 17 octets", 28, repeat("00", 17)},
      {"a name that points to itself", 5, "c029"},
      {"a label and a pointer to it", 5, "0161 c029"},
      {"a name that points forward", 5, "c02b 00"},
      {"a name that points into the header", 5, "c004"},
      {"a name with a label of type 0x40", 5, "4161 00"},
      {"a name with a label of type 0x80", 5, "8161 00"},
      {"a name over 255 octets", 5, repeat("31" + repeat("61", 49), 5) + "c00c"},
      {"a name that passes RDLENGTH", 5, "0561"},
      {"an octet behind a name", 2, "c00c 00"},
      {"no name at all", 12, ""},
      {"SOA with one name", 6, "c00c" + five},
      {"SOA of four numbers", 6, "c00c c00c 00000001 00000002 00000003 00000004"},
      {"MX without a name", 15, "000a"},
      {"MX of one octet", 15, "00"},
      {"TXT without a string", 16, ""},
      {"TXT whose string passes RDLENGTH", 16, "04616263"},
      {"TXT whose second string does", 16, "0161 0261"},
      {"SRV without a target", 33, "0000 0064 0050"},
      {"SRV whose target loops", 33, "0000 0064 0050 c02f"},
      {"DNAME with an octet behind it", 39, "'example.org' 00"},
      {"HINFO of one string", 13, "0161"},
      {"NAPTR whose string passes RDLENGTH", 35, "0001 0002 ff"},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      auto packet = reply_with(c.type, c.rdata);
      CHECK_FALSE(believed(packet));
      // Not even where the message goes on behind the record.
      packet.insert(packet.end(), 64, 0);
      CHECK_FALSE(believed(packet));
    }
  }
}
