// What becomes of a reply that is too big, and what the OPT record says.

#include <meridian/dns/message_builder.hpp>

#include <doctest/doctest.h>

#include "exchange.hpp"

using namespace meridian::dns;
using namespace meridian::dns::test;

namespace {

RRset many_addresses(unsigned count) {
  std::vector<boost::asio::ip::address> all;
  for (unsigned i = 0; i < count; ++i) all.push_back(boost::asio::ip::address_v4(0x0a000000 + i));
  return RRset::addresses(30, all);
}

const std::string kHeader = "1234 0100 0001 0000 0000 0000";
const std::string kQuestion = "'httpbin.bar.global' 0001 0001";  // 24 octets: 36 with the header
const std::string kQuery = kHeader + kQuestion;
const std::string kEdnsHeader = "1234 0100 0001 0000 0000 0001";
const std::string kOpt = "00 0029 04d0 00000000 0000";
const std::string kEdnsQuery = kEdnsHeader + kQuestion + kOpt;
const std::string kLongestQuestion = "'" + repeat("a.", 127) + "' 0001 0001";

}  // namespace

TEST_CASE("an answer that is too big keeps the whole records that fit, and says TC") {
  struct {
    const char* title;
    std::size_t limit;
    unsigned records, kept;
    bool truncated;
  } cases[] = {
      {"29 addresses fit into 512 octets", 512, 29, 29, false},
      {"30 do not", 512, 30, 29, true},
      {"74 addresses fit into 1232 octets", 1232, 74, 74, false},
      {"75 do not", 1232, 75, 74, true},
      {"one octet short of the last one", 36 + 16 * 40 - 1, 40, 39, true},
      {"to the octet", 36 + 16 * 40, 40, 40, false},
      {"65,535 octets", 65535, 5000, 4093, true},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      Exchange exchange(kQuery, c.limit);
      CHECK(exchange.reply.answer(many_addresses(c.records), 0, 7) != c.truncated);
      const auto message = exchange.read();
      CHECK(message.answer.size() == c.kept);
      CHECK(message.tc == c.truncated);
      CHECK(message.answer.front() == "httpbin.bar.global. 30 IN A 10.0.0.7");
    }
  }
}

TEST_CASE("the OPT has its room from the start") {
  Exchange exchange(kEdnsQuery, 512);
  exchange.reply.set_edns({.error = ExtendedError::StaleAnswer, .nsid = "node-1"});
  exchange.reply.set_authoritative(true);
  CHECK_FALSE(exchange.reply.answer(many_addresses(30)));
  const auto message = exchange.read();
  CHECK(message.tc);
  CHECK(message.aa);
  CHECK(message.edns);
  CHECK(message.answer.size() == (512 - 36 - 11 - 6 - 10) / 16);
  CHECK(message.options == wire("000f 0002 0003  0003 0006 6e6f64652d31"));
}

TEST_CASE("authority that does not fit truncates, additional records that do not fit go") {
  const auto many = many_addresses(40);
  SUBCASE("authority") {
    Exchange exchange(kQuery, 512);
    CHECK_FALSE(exchange.reply.authority(many, 1));
    const auto message = exchange.read();
    CHECK(message.tc);
    CHECK(message.authority.size() == 29);
  }
  SUBCASE("additional: all of the RRset or nothing, and what fits after it") {
    Exchange exchange(kQuery, 512);
    CHECK(exchange.reply.answer(many_addresses(1)));
    CHECK_FALSE(exchange.reply.additional(many, 0));
    CHECK(exchange.reply.additional(many_addresses(2), 1));
    const auto message = exchange.read();
    CHECK_FALSE(message.tc);
    CHECK(message.answer.size() == 1);
    CHECK(message.additional.size() == 2);
  }
}

TEST_CASE("an SRV whose target is the longest question is left out where it does not fit") {
  const RRset::Service services[] = {{0, 100, 80}, {0, 100, 443}};
  Exchange exchange(kHeader + kLongestQuestion, 512 + 63);
  CHECK_FALSE(exchange.reply.answer(RRset::srv(30, services, nullptr)));
  const auto message = exchange.read();
  CHECK(message.tc);
  REQUIRE(message.answer.size() == 1);
  const std::string longest = repeat("a.", 127);
  CHECK(message.answer[0] == longest + " 30 IN SRV 0 100 80 " + longest);
}

TEST_CASE("what our OPT says") {
  struct {
    const char* title;
    const char* opt;
    ReplyEdns edns;
    Rcode rcode;
    std::string reply;
  } cases[] = {
      {"nothing but itself", "00 0029 1000 00000000 0000", {}, Rcode::NoError, "00 0029 04d0 00000000 0000"},
      {"our payload", "00 0029 1000 00000000 0000", {.payload = 4096}, Rcode::NoError, "00 0029 1000 00000000 0000"},
      {"DO is copied, other flags are not",
       "00 0029 1000 0000ffff 0000",
       {},
       Rcode::NoError,
       "00 0029 04d0 00008000 0000"},
      {"BADVERS in the upper bits, and version 0",
       "00 0029 1000 00010000 0000",
       {},
       Rcode::BadVers,
       "00 0029 04d0 01000000 0000"},
      {"an extended error",
       "00 0029 1000 00000000 0000",
       {.error = ExtendedError::NotAuthoritative},
       Rcode::Refused,
       "00 0029 04d0 00000000 0006 000f 0002 0014"},
      {"the identity of the server",
       "00 0029 1000 00000000 0000",
       {.nsid = "a"},
       Rcode::NoError,
       "00 0029 04d0 00000000 0005 0003 0001 61"},
      {"the idle time-out",
       "00 0029 1000 00000000 0000",
       {.keepalive = 0x1234},
       Rcode::NoError,
       "00 0029 04d0 00000000 0006 000b 0002 1234"},
      {"all of them",
       "00 0029 1000 00000000 0000",
       {.error = ExtendedError::Other, .nsid = "a", .keepalive = 0},
       Rcode::NoError,
       "00 0029 04d0 00000000 0011 000f 0002 0000  000b 0002 0000  0003 0001 61"},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      Exchange exchange(kEdnsHeader + kQuestion + c.opt);
      exchange.reply.set_edns(c.edns);
      exchange.reply.set_rcode(c.rcode);
      const auto octets = exchange.finish();
      CHECK(Octets(octets.begin() + 36, octets.end()) == wire(c.reply));
      CHECK(octets[11] == 1);
      const auto message = meridian::oracle::read_message(octets);
      REQUIRE(message.has_value());
      CHECK(message->edns);
      CHECK(message->rcode == static_cast<unsigned>(c.rcode));
    }
  }
}

TEST_CASE("an OPT has room in the smallest message behind the longest question") {
  Exchange exchange(kEdnsHeader + kLongestQuestion + kOpt, 512);
  exchange.reply.set_edns({.error = ExtendedError::Other, .keepalive = 1});
  CHECK_FALSE(exchange.reply.answer(many_addresses(100)));
  const auto message = exchange.read();
  CHECK(message.answer.size() == 13);
  CHECK(message.edns);
}

TEST_CASE("an identity that is too long to be told is not told") {
  const std::string identity(300, 'x');
  Exchange exchange(kEdnsHeader + kLongestQuestion + kOpt, 512);
  exchange.reply.set_edns({.error = ExtendedError::Other, .nsid = identity});
  const auto message = exchange.read();
  CHECK(message.options == wire("000f 0002 0000"));
}

TEST_CASE("a query that is malformed but for its OPT is told in EDNS") {
  Exchange exchange(kEdnsHeader + "c00c 0001 0001" + kOpt);
  CHECK_FALSE(exchange.query.edns.has_value());  // nobody knows where the OPT begins
  Exchange two("1234 0100 0002 0000 0000 0001" + kQuestion + kQuestion + kOpt);
  two.reply.set_edns({});
  two.reply.set_rcode(Rcode::FormErr);
  CHECK(two.finish() == wire("1234 8101 0000 0000 0000 0001" + kOpt));
}
