#include "dns/walker.hpp"

#include <doctest/doctest.h>

#include "wire_text.hpp"

using namespace meridian::dns;
using namespace meridian::dns::test;

namespace {

const std::string kHeader = repeat("00", 12);

// Labels of 49 octets, without a root.
std::string labels_of_50_octets(std::size_t labels) {
  return repeat("31" + repeat("61", 49), labels);
}

}  // namespace

TEST_CASE("a name that is good ends where it ends, and not an octet earlier") {
  struct {
    const char* title;
    std::string before, name;
  } cases[] = {
      {"the root", "", "00"},
      {"labels", "", "'a.global'"},
      {"a pointer", "'a.global'", "c00c"},
      {"a pointer to the middle of a name", "'a.global'", "c00e"},
      {"a pointer to a root", "'a.global'", "c015"},
      {"labels and a pointer", "'a.global'", "0162 0163 c00e"},
      {"a pointer to a pointer", "'a.global' c00c", "c016"},
      {"labels at each of two pointers", "'global' 0161 c00c", "0162 c014"},
      {"255 octets", "", labels_of_50_octets(5) + "03616161 00"},
      {"255 octets by a pointer", labels_of_50_octets(4) + "00", "31" + repeat("61", 49) + "03616161 c00c"},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      const auto octets = wire(kHeader + c.before + c.name + "00 00 00 00");
      const std::size_t at = wire(kHeader + c.before).size(), end = at + wire(c.name).size();
      CHECK(end_of_name(octets, at) == end);
      const Message message(octets);
      CHECK(end_of_name(message.first(end), at) == end);
      CHECK(end_of_name(message.first(end - 1), at) == 0);
    }
  }
}

TEST_CASE("a name that is not good has no end") {
  struct {
    const char* title;
    std::string before, name;
  } cases[] = {
      {"nothing", "", ""},
      {"a pointer to itself", "", "c00c"},
      {"a pointer to the label in front of it", "", "0161 c00c"},
      {"a pointer into the label in front of it", "", "0100 c00d"},
      {"a pointer to a part that points into itself", "0100 c00d", "c00c"},
      {"a pointer to a label that reaches into it", "01", "c00c" + repeat("61", 12) + "00"},
      {"a pointer to a label that reaches over it", "02", "c00c 00"},
      {"a pointer to a label that ends where it begins", "0161", "c00c 00"},
      {"a pointer to half a pointer", "c0", "c00c"},
      {"two pointers to each other", "c00e", "c00c"},
      {"a pointer to a part that points back to this one", "0161 c010", "c00c"},
      {"a pointer forward", "", "c00e 00"},
      {"a pointer out of the message", "", "ffff"},
      {"a pointer to the last octet of the header", "", "c00b"},
      {"a pointer to the first octet of the header", "", "c000"},
      {"a label of type 01", "", "4061 00"},
      {"a label of type 10", "", "8061 00"},
      {"a label of type 10 that would point backward", "00", "800c"},
      {"a label of type 01 behind a pointer", "4061 00", "c00c"},
      {"256 octets", "", labels_of_50_octets(5) + "0461616161 00"},
      {"256 octets by a pointer", labels_of_50_octets(4) + "00", "31" + repeat("61", 49) + "0461616161 c00c"},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      const auto octets = wire(kHeader + c.before + c.name);
      CHECK(end_of_name(octets, wire(kHeader + c.before).size()) == 0);
    }
  }
}

TEST_CASE("a record is found with all its parts") {
  const auto octets = wire(kHeader + "'a' c00c 001c 0003 01020304 0002 abcd 00");
  const Message message(octets);
  RecordPlace place;
  REQUIRE(find_record(message, 15, place));
  CHECK(place.begin == 15);
  CHECK(place.rdata == 27);
  CHECK(place.end == 29);
  CHECK(place.type == Type::AAAA);
  CHECK(place.klass == 3);
  CHECK(place.ttl == 0x01020304);
  CHECK_FALSE(place.root_owner);
  CHECK(find_record(message.first(29), 15, place));
  for (std::size_t size = 12; size < 29; ++size) {
    CAPTURE(size);
    CHECK_FALSE(find_record(message.first(size), 15, place));
  }
}

TEST_CASE("a record without RDATA may end the message") {
  const auto octets = wire(kHeader + "00 0029 04d0 80000000 0000");
  RecordPlace place;
  REQUIRE(find_record(octets, 12, place));
  CHECK(place.root_owner);
  CHECK(place.ttl == 0x80000000);
  CHECK(place.end == octets.size());
}
