#include <doctest/doctest.h>

#include <string>

#include <meridian/mesh/timestamp.hpp>

using namespace meridian::mesh;

TEST_CASE("a timestamp is read and written") {
  struct {
    const char* title;
    const char* text;
    const char* utc;  // "": none
  } cases[] = {
      {"as Kubernetes writes it", "2024-05-01T10:00:00Z", "2024-05-01T10:00:00Z"},
      {"with microseconds", "2024-05-01T10:00:00.000250Z", "2024-05-01T10:00:00.000250000Z"},
      {"with more digits than we keep", "2024-05-01T10:00:00.1234567899Z", "2024-05-01T10:00:00.123456789Z"},
      {"east of Greenwich", "2024-05-01T02:30:00+02:45", "2024-04-30T23:45:00Z"},
      {"west of Greenwich", "2024-12-31T23:00:00-01:00", "2025-01-01T00:00:00Z"},
      {"in small letters (RFC 3339, 5.6)", "2024-05-01t10:00:00z", "2024-05-01T10:00:00Z"},
      {"on a leap day", "2024-02-29T00:00:00Z", "2024-02-29T00:00:00Z"},
      {"in a leap second", "2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"},
      {"before 1970", "1969-12-31T23:59:59.500Z", "1969-12-31T23:59:59.500000000Z"},
      {"at the first moment we hold", "1678-01-01T00:00:00Z", "1678-01-01T00:00:00Z"},
      {"at the last second we hold", "2261-12-31T23:59:59Z", "2261-12-31T23:59:59Z"},
      {"not before what a clock holds", "1677-12-31T23:59:59Z", ""},
      {"not after what a clock holds", "9999-12-31T23:59:59Z", ""},
      {"not on a day that never was", "2023-02-29T00:00:00Z", ""},
      {"not in month 13", "2024-13-01T00:00:00Z", ""},
      {"not at hour 24", "2024-05-01T24:00:00Z", ""},
      {"not with an offset of a day", "2024-05-01T10:00:00+24:00", ""},
      {"not without a zone", "2024-05-01T10:00:00", ""},
      {"not as a date only", "2024-05-01", ""},
      {"not with a blank instead of T", "2024-05-01 10:00:00Z", ""},
      {"not with an empty fraction", "2024-05-01T10:00:00.Z", ""},
      {"not with something behind it", "2024-05-01T10:00:00Z!", ""},
      {"not with a sign", "-024-05-01T10:00:00Z", ""},
      {"not empty", "", ""},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      const auto moment = parse_timestamp(c.text);
      CHECK((moment ? to_timestamp(*moment) : "") == c.utc);
      if (moment) CHECK(parse_timestamp(to_timestamp(*moment)) == moment);
    }
  }
}
