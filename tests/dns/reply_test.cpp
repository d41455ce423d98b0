#include <meridian/dns/reply.hpp>

#include <doctest/doctest.h>

#include <random>

#include "../support/ldns_oracle.hpp"
#include "wire_text.hpp"

using namespace meridian::dns;
using namespace meridian::dns::test;
namespace oracle = meridian::oracle;

namespace {

const std::string kQuestion = "'Example.com' 0001 0001";  // octets 12 to 28: what follows begins at 29 (0x1d)
const std::string kAnswer = "c00c 0001 0001 0000003c 0004 c0000201";
const std::string kOpt = "00 0029 04d0 00000000 0000";

std::optional<Reply> check(const Octets& packet, CaseCheck check = CaseCheck::Exact) {
  static const Octets question = wire(kQuestion);
  return check_reply(packet, 0x1234, question, check);
}

}  // namespace

TEST_CASE("a reply that is believed") {
  const auto packet = wire("1234 85b3 0001 0001 0001 0002" + kQuestion + kAnswer +
                           "c00c 0006 0001 00000000 0018 c00c c00c 00000001 00000002 00000003 00000004 00000005" +
                           "00 0029 0200 01000000 0006 000f 0002 0016" + "01 78 c00c 0010 0001 00000000 0002 0161");
  const auto reply = check(packet);
  REQUIRE(reply.has_value());
  CHECK(static_cast<unsigned>(reply->rcode) == (1 << 4 | 3));
  CHECK_FALSE(reply->truncated);
  CHECK(reply->authentic_data);
  CHECK(reply->question_end == 29);
  CHECK(reply->counts[0] == 1);
  CHECK(reply->counts[1] == 1);
  CHECK(reply->counts[2] == 2);
  CHECK(reply->opt_begin == 29 + 16 + 36);
  CHECK(reply->opt_end == reply->opt_begin + 17);
  CHECK(octets(reply->octets) == packet);
  CHECK(oracle::read_message(packet).has_value());
}

TEST_CASE("the extended error that a reply tells") {
  const auto with_options = [](const std::string& size, const std::string& options) {
    return wire("1234 8182 0001 0000 0000 0001" + kQuestion + "00 0029 04d0 00000000 " + size + options);
  };
  const struct {
    const char* title;
    Octets packet;
    int expected;  // -1: none
  } cases[] = {
      {"is the first of its OPT",
       with_options("0012",
                    "000f 0002 0016"
                    "000f 0004 0017 6869"
                    "0003 0000"),
       22},
      {"stands behind other options",
       with_options("000d",
                    "0003 0001 61"
                    "000f 0004 0017 6869"),
       23},
      {"may have a number that nobody knows", with_options("0006", "000f 0002 ffff"), 0xffff},
      {"is none where its option is too short", with_options("0005", "000f 0001 16"), -1},
      {"is none without options", with_options("0000", ""), -1},
      {"is none without OPT", wire("1234 8182 0001 0000 0000 0000" + kQuestion), -1},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      const auto reply = check(c.packet);
      REQUIRE(reply.has_value());
      const auto error = extended_error(*reply);
      CHECK((error ? static_cast<int>(*error) : -1) == c.expected);
    }
  }
}

TEST_CASE("octets behind the last record are cut off") {
  auto packet = wire("1234 8180 0001 0001 0000 0000" + kQuestion + kAnswer);
  const auto whole = packet;
  packet.insert(packet.end(), {1, 2, 3});
  const auto reply = check(packet);
  REQUIRE(reply.has_value());
  CHECK(octets(reply->octets) == whole);
  CHECK(reply->opt_begin == 0);
  CHECK(reply->opt_end == 0);
}

TEST_CASE("whose reply it is") {
  struct {
    const char* title;
    std::string packet;
    bool exact, ignoring_case;
  } cases[] = {
      {"ours", "1234 8180 0001 0000 0000 0000" + kQuestion, true, true},
      {"truncated", "1234 8380 0001 0000 0000 0000" + kQuestion, true, true},
      {"in another case", "1234 8180 0001 0000 0000 0000 'eXample.com' 0001 0001", false, true},
      {"with another id", "1235 8180 0001 0000 0000 0000" + kQuestion, false, false},
      {"not a response", "1234 0180 0001 0000 0000 0000" + kQuestion, false, false},
      {"with another opcode", "1234 a180 0001 0000 0000 0000" + kQuestion, false, false},
      {"with another name", "1234 8180 0001 0000 0000 0000 'Example.net' 0001 0001", false, false},
      {"with another type", "1234 8180 0001 0000 0000 0000 'Example.com' 001c 0001", false, false},
      {"with another class", "1234 8180 0001 0000 0000 0000 'Example.com' 0001 0003", false, false},
      {"without a question", "1234 8181 0000 0000 0000 0000", false, false},
      {"without a counted question", "1234 8180 0000 0000 0000 0000" + kQuestion, false, false},
      {"with two questions", "1234 8180 0002 0000 0000 0000" + kQuestion + kQuestion, false, false},
      {"a part of the question", "1234 8180 0001 0000 0000 0000 'Example.com' 0001 00", false, false},
      {"a header", "1234 8180 0001 0000 0000 0000", false, false},
      {"less than a header", "1234 8180 0001", false, false},
      {"nothing", "", false, false},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      const auto packet = wire(c.packet);
      CHECK(check(packet, CaseCheck::Exact).has_value() == c.exact);
      CHECK(check(packet, CaseCheck::Ignore).has_value() == c.ignoring_case);
    }
  }
}

TEST_CASE("a type is no letter: HTTPS is 65, and 97 is another type") {
  const auto question = wire("'a' 0041 0001");
  const auto other = wire("1234 8180 0001 0000 0000 0000 'A' 0061 0001");
  const auto same = wire("1234 8180 0001 0000 0000 0000 'A' 0041 0001");
  CHECK_FALSE(check_reply(other, 0x1234, question, CaseCheck::Ignore).has_value());
  CHECK(check_reply(same, 0x1234, question, CaseCheck::Ignore).has_value());
}

TEST_CASE("counts and records that do not hold") {
  struct {
    const char* title;
    std::string packet;
  } cases[] = {
      {"an answer is counted and missing", "1234 8180 0001 0001 0000 0000" + kQuestion},
      {"65,535 are counted", "1234 8180 0001 ffff ffff ffff" + kQuestion + kAnswer},
      {"RDLENGTH passes the end",
       "1234 8180 0001 0001 0000 0000" + kQuestion + "c00c fde8 0001 00000000 0005 00000000"},
      {"the owner points to itself",
       "1234 8180 0001 0001 0000 0000" + kQuestion + "c01d 0001 0001 00000000 0004 c0000201"},
      {"the owner points forward",
       "1234 8180 0001 0001 0000 0000" + kQuestion + "c02b 0001 0001 00000000 0004 c0000201 00"},
      {"the owner points into the header",
       "1234 8180 0001 0001 0000 0000" + kQuestion + "c002 0001 0001 00000000 0004 c0000201"},
      {"two OPTs", "1234 8180 0001 0000 0000 0002" + kQuestion + kOpt + kOpt},
      {"an OPT at a name", "1234 8180 0001 0000 0000 0001" + kQuestion + "c00c 0029 04d0 00000000 0000"},
      {"an OPT among the answers", "1234 8180 0001 0001 0000 0000" + kQuestion + kOpt},
      {"an option past RDLENGTH", "1234 8180 0001 0000 0000 0001" + kQuestion + "00 0029 04d0 00000000 0004 00030001"},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      CHECK_FALSE(check(wire(c.packet)).has_value());
    }
  }
}

TEST_CASE("no name is made of a TTL, which will be another") {
  // The first record's class is at 33 (0x21), its TTL at 35 (0x23), its RDATA at 41 (0x29).
  const auto packet = [](const std::string& ttl, const std::string& second) {
    return wire("1234 8180 0001 0002 0000 0000" + kQuestion + "c00c fde8 0001" + ttl + "0003 016100" + second);
  };
  const std::string address = "0001 0001 0000003c 0004 c0000201", alias = "c00c 0005 0001 0000003c";
  struct {
    const char* title;
    std::string ttl, second;
    bool believed;
  } cases[] = {
      {"in front of it", "00000000", "c021" + address, true},  // the root
      {"an owner", "01610000", "c023" + address, false},
      {"an owner that ends in it", "61000000", "c022" + address, false},
      {"an owner that begins in its last octet", "00000000", "c026" + address, false},
      {"behind it", "00000000", "c029" + address, true},
      {"the root", "00000000", "c024" + address, false},
      {"a target", "01610000", alias + "0002 c023", false},
      {"a target by another pointer", "0161c00c", alias + "0002 c023", false},
      {"its own TTL", "00000000", "c00c 0005 0001 01610000 0002 c032", false},  // at 44 + 6
      {"a TTL of its own that is none of it", "00000000", "c00c 0005 0001 01610000 0002 c029", true},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      CHECK(check(packet(c.ttl, c.second)).has_value() == c.believed);
    }
  }
}

TEST_CASE("a message that is too large for TCP is not believed") {
  auto packet = wire("1234 8180 0001 0000 0000 0000" + kQuestion);
  packet.resize(kMaxMessage);
  CHECK(check(packet).has_value());
  packet.push_back(0);
  CHECK_FALSE(check(packet).has_value());
}

TEST_CASE("a reply that is cut anywhere is not believed") {
  const auto packet = wire("1234 8180 0001 0002 0000 0001" + kQuestion + "c00c 0005 0001 ffffffff 0006 03777777 c00c" +
                           "c029 0001 0001 80000000 0004 c0000201" + kOpt);
  REQUIRE(check(packet).has_value());
  for (std::size_t size = 0; size < packet.size(); ++size) {
    CAPTURE(size);
    CHECK_FALSE(check({packet.begin(), packet.begin() + static_cast<std::ptrdiff_t>(size)}).has_value());
  }
}

TEST_CASE("64 KiB of records are believed if they hold") {
  Octets packet = wire("1234 8180 0001 0000 0000 0000" + kQuestion);
  const auto record = wire("c00c fde8 0001 00000000 0000");  // the shortest: 5,460 of them
  unsigned count = 0;
  for (; packet.size() + record.size() <= kMaxMessage; ++count)
    packet.insert(packet.end(), record.begin(), record.end());
  for (const unsigned counted : {count, count + 1}) {
    packet[6] = static_cast<std::uint8_t>(counted >> 8);
    packet[7] = static_cast<std::uint8_t>(counted);
    const auto reply = check(packet);
    CHECK(reply.has_value() == (counted == count));
    if (reply) CHECK(reply->counts[0] == count);
  }
}

TEST_CASE("random changes of a good reply never make one that ldns can't read") {
  const auto good = wire("1234 8580 0001 0002 0001 0002" + kQuestion + "c00c 0005 0001 0000003c 0006 03777777 c00c" +
                         "c029 0001 0001 0000003c 0004 c0000201" +
                         "c00c 0006 0001 00000000 0018 c00c c00c 00000001 00000002 00000003 00000004 00000005" +
                         "c029 0021 0001 00000000 0008 0000 0064 0050 c00c" + kOpt);
  REQUIRE(check(good).has_value());
  // Types stay: ldns looks into more of them than we do.
  const auto is_type = [](std::size_t at) {
    for (const std::size_t record : {29, 47, 63, 99, 118}) {
      if (at == record + 2 || at == record + 3) return true;
    }
    return false;
  };
  std::mt19937 random(5452);
  unsigned believed = 0;
  for (int i = 0; i < 100'000; ++i) {
    auto packet = good;
    for (auto changes = 1 + random() % 3; changes > 0; --changes) {
      const std::size_t at = random() % packet.size();
      if (!is_type(at)) packet[at] = static_cast<std::uint8_t>(random());
    }
    if (random() % 8 == 0) packet.resize(random() % packet.size());
    const auto reply = check(packet);
    if (!reply) continue;
    ++believed;
    REQUIRE(reply->octets.size() <= packet.size());
    CAPTURE(octets(reply->octets));
    REQUIRE(oracle::read_message(reply->octets).has_value());
  }
  CHECK(believed > 1000);
}
