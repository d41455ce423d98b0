#include <meridian/dns/message.hpp>

#include <doctest/doctest.h>

#include "wire_text.hpp"

using namespace meridian::dns;
using namespace meridian::dns::test;

namespace {

const std::string kQuestion = "'httpbin.bar.global' 0001 0001";

}  // namespace

TEST_CASE("a query's header") {
  struct {
    const char* title;
    const char* flags;
    Fault fault;
    unsigned opcode;
    bool rd, ad, cd;
  } cases[] = {
      {"nothing set", "0000", Fault::None, 0, false, false, false},
      {"RD, as stubs set it", "0100", Fault::None, 0, true, false, false},
      {"AD: the client understands AD", "0020", Fault::None, 0, false, true, false},
      {"CD", "0010", Fault::None, 0, false, false, true},
      {"AA, TC, RA, Z and an rcode mean nothing in a query", "06cf", Fault::None, 0, false, false, false},
      {"IQUERY", "0900", Fault::NotImp, 1, true, false, false},
      {"NOTIFY", "2000", Fault::NotImp, 4, false, false, false},
      {"UPDATE", "2800", Fault::NotImp, 5, false, false, false},
      {"the largest opcode", "7800", Fault::NotImp, 15, false, false, false},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      Query query;
      const auto packet = wire("beef " + std::string(c.flags) + " 0001 0000 0000 0000" + kQuestion);
      CHECK(parse_query(packet, query) == c.fault);
      CHECK(query.id == 0xbeef);
      CHECK(static_cast<unsigned>(query.opcode) == c.opcode);
      CHECK(query.recursion_desired == c.rd);
      CHECK(query.authentic_data == c.ad);
      CHECK(query.checking_disabled == c.cd);
      CHECK_FALSE(query.edns.has_value());
      CHECK_FALSE(query.tsig);
      CHECK(octets(query.question) == wire(kQuestion));
    }
  }
}

TEST_CASE("no reply at all") {
  struct {
    const char* title;
    std::string packet;
  } cases[] = {
      {"nothing", ""},
      {"one octet", "12"},
      {"a header cut by one octet", "1234 0100 0001 0000 0000 00"},
      {"a response", "1234 8100 0001 0000 0000 0000" + kQuestion},
      {"a response with another opcode", "1234 a800 0001 0000 0000 0000" + kQuestion},
      {"a malformed response", "1234 8000 ffff ffff ffff ffff"},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      Query query;
      const auto packet = wire(c.packet);
      CHECK(parse_query(packet, query) == Fault::Drop);
    }
  }
}

TEST_CASE("a question is read as it came, and folded") {
  struct {
    const char* title;
    std::string name;
    std::string folded;
    unsigned labels;
  } cases[] = {
      {"the root", "'.'", "'.'", 0},
      {"one label", "'global'", "'global'", 1},
      {"eight octets and more", "'HTTPBIN.bar.GLOBAL'", "'httpbin.bar.global'", 3},
      {"only A to Z are folded", R"('\064\091\193\219.AZ')", R"('\064\091\193\219.az')", 2},
      {"octets that are not letters", R"('\000\255.\.\032')", R"('\000\255.\.\032')", 2},
      {"a label of 63 octets", "'" + repeat("X", 63) + ".b'", "'" + repeat("x", 63) + ".b'", 2},
      {"a name of 255 octets in 127 labels", "'" + repeat("A.", 127) + "'", "'" + repeat("a.", 127) + "'", 127},
      {"a name of 255 octets in 4 labels", "'" + repeat(repeat("A", 62) + ".", 3) + repeat("B", 61) + ".C'",
       "'" + repeat(repeat("a", 62) + ".", 3) + repeat("b", 61) + ".c'", 5},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      Query query;
      const auto packet = wire("1234 0100 0001 0000 0000 0000" + c.name + "001c 0003");
      REQUIRE(parse_query(packet, query) == Fault::None);
      CHECK(octets(query.question) == wire(c.name + "001c 0003"));
      CHECK(octets(query.name.wire()) == wire(c.folded));
      CHECK(query.name.labels == c.labels);
      CHECK(query.type == Type::AAAA);
      CHECK(query.klass == Class::CH);
      for (unsigned i = 0; i < c.labels; ++i) {
        CHECK(query.name.suffix(i).size() == 1 + query.name.label(i).size() + query.name.suffix(i + 1).size());
      }
    }
  }
}

TEST_CASE("what one query left behind does not show in the next") {
  Query query;
  const auto first = wire("1234 0130 0001 0000 0000 0002" + kQuestion +
                          "00 0029 04d0 00008000 0004 0003 0000  00 00fa 00ff 00000000 0000");
  REQUIRE(parse_query(first, query) == Fault::None);
  REQUIRE(query.edns.has_value());
  REQUIRE(query.tsig);
  REQUIRE(parse_query(wire("4321 0000 0001 0000 0000 0000 'a' 0010 0003"), query) == Fault::None);
  CHECK_FALSE(query.edns.has_value());
  CHECK_FALSE(query.tsig);
  CHECK_FALSE(query.recursion_desired);
  CHECK(query.name.labels == 1);
  REQUIRE(parse_query(wire("4321 0000 0001 0000 0000 0000 40"), query) == Fault::FormErr);
  CHECK(query.question.empty());
  CHECK(query.name.size == 0);
}
