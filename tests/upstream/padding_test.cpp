#include "upstream/padding.hpp"

#include <doctest/doctest.h>

#include <string>

namespace {

using Octets = std::vector<std::uint8_t>;

const Octets kOpt = {0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0};

// With a name of `label` octets, and what follows the question.
Octets query(std::size_t label, const Octets& additional, std::uint8_t count) {
  Octets octets = {1, 2, 1, 0, 0, 1, 0, 0, 0, 0, 0, count, static_cast<std::uint8_t>(label)};
  octets.insert(octets.end(), label, 'a');
  octets.insert(octets.end(), {0, 0, 1, 0, 1});
  octets.insert(octets.end(), additional.begin(), additional.end());
  return octets;
}

}  // namespace

TEST_CASE("a query is padded to 128 octets, or a multiple") {
  for (std::size_t label = 1; label <= 63; ++label) {
    CAPTURE(label);
    const auto plain = query(label, kOpt, 1);
    auto padded = plain;
    meridian::upstream::pad_query(padded);
    REQUIRE(padded.size() == 128);
    const auto padding = padded.size() - plain.size() - 4;
    auto expected = plain;
    expected.back() = static_cast<std::uint8_t>(4 + padding);
    expected.insert(expected.end(), {0, 12, 0, static_cast<std::uint8_t>(padding)});
    expected.resize(128);
    CHECK(padded == expected);
  }
}

TEST_CASE("padding of a name that takes one more block") {
  Octets long_name = {1, 2, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1};
  for (int i = 0; i < 3; ++i) {
    long_name.push_back(40);
    long_name.insert(long_name.end(), 40, 'a');
  }
  long_name.insert(long_name.end(), {0, 0, 1, 0, 1});
  long_name.insert(long_name.end(), kOpt.begin(), kOpt.end());
  meridian::upstream::pad_query(long_name);
  CHECK(long_name.size() == 256);
}

TEST_CASE("what has no OPT of its own at the end stays as it is") {
  const struct {
    const char* title;
    Octets query;
  } cases[] = {
      {"no OPT", query(3, {}, 0)},
      {"no OPT, and octets that look like one", query(3, kOpt, 0)},
      {"an OPT with an option", query(3, {0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 4, 0, 3, 0, 0}, 1)},
      {"another record", query(3, {0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0}, 1)},
      {"nothing", {}},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      auto octets = c.query;
      meridian::upstream::pad_query(octets);
      CHECK(octets == c.query);
    }
  }
}
