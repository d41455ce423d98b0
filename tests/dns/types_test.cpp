#include <meridian/dns/types.hpp>

#include <doctest/doctest.h>

using namespace meridian::dns;

TEST_CASE("types and their texts") {
  struct {
    const char* title;
    const char* text;
    Type type;
    const char* canonical;
  } cases[] = {
      {"a known type is read by its mnemonic", "AAAA", Type::AAAA, "AAAA"},
      {"a mnemonic is read in any case", "sRv", Type::SRV, "SRV"},
      {"a type without a mnemonic has its number", "TYPE65280", Type{65280}, "TYPE65280"},
      {"a known type may be asked for by number", "type28", Type::AAAA, "AAAA"},
      {"the largest number is a type", "TYPE65535", Type{65535}, "TYPE65535"},
      {"a larger number is no type", "TYPE65536", Type{0}, "TYPE0"},
      {"a number with something behind it is no type", "TYPE28x", Type{0}, "TYPE0"},
      {"the word alone is no type", "TYPE", Type{0}, "TYPE0"},
      {"a negative number is no type", "TYPE-1", Type{0}, "TYPE0"},
      {"an unknown word is no type", "AAAAA", Type{0}, "TYPE0"},
      {"nothing is no type", "", Type{0}, "TYPE0"},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      CHECK(type_from_text(c.text) == c.type);
      CHECK(to_text(c.type) == c.canonical);
    }
  }
}

TEST_CASE("every type reads its own text") {
  for (unsigned number = 0; number <= 0xffff; ++number) {
    const auto type = static_cast<Type>(number);
    REQUIRE(type_from_text(to_text(type)) == type);
  }
}

TEST_CASE("rcodes have the mnemonics of IANA, or a number") {
  CHECK(to_text(Rcode::NoError) == "NOERROR");
  CHECK(to_text(Rcode::NXDomain) == "NXDOMAIN");
  CHECK(to_text(Rcode::BadVers) == "BADVERS");
  CHECK(to_text(Rcode{11}) == "RCODE11");
}
