#include <meridian/dns/message.hpp>

#include <doctest/doctest.h>

#include "wire_text.hpp"

using namespace meridian::dns;
using namespace meridian::dns::test;

namespace {

const std::string kQuestion = "'a.global' 0001 0001";
const std::string kOneAdditional = "1234 0000 0001 0000 0000 0001" + kQuestion;

// An OPT with these options: RDLENGTH is theirs.
std::string opt_with(const std::string& options) {
  const auto size = wire(options).size();
  constexpr char kDigits[] = "0123456789abcdef";
  return std::string("00 0029 04d0 00000000 00") + kDigits[size / 16] + kDigits[size % 16] + options;
}

}  // namespace

TEST_CASE("the fixed fields of an OPT") {
  struct {
    const char* title;
    const char* opt;
    unsigned payload, version;
    bool dnssec_ok;
  } cases[] = {
      {"a plain one", "00 0029 04d0 00000000 0000", 1232, 0, false},
      {"a payload below 512 is told as it was sent", "00 0029 0000 00000000 0000", 0, 0, false},
      {"the largest payload", "00 0029 ffff 00000000 0000", 65535, 0, false},
      {"DO", "00 0029 1000 00008000 0000", 4096, 0, true},
      {"unknown flags and an extended rcode are ignored", "00 0029 1000 ff007fff 0000", 4096, 0, false},
      {"another version is no fault of the message", "00 0029 1000 00010000 0000", 4096, 1, false},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      Query query;
      const auto packet = wire(kOneAdditional + c.opt);
      REQUIRE(parse_query(packet, query) == Fault::None);
      REQUIRE(query.edns.has_value());
      CHECK(query.edns->payload == c.payload);
      CHECK(query.edns->version == c.version);
      CHECK(query.edns->dnssec_ok == c.dnssec_ok);
      CHECK_FALSE(query.edns->nsid);
      CHECK_FALSE(query.edns->tcp_keepalive);
    }
  }
}

TEST_CASE("options") {
  struct {
    const char* title;
    std::string options;
    Fault fault;
    bool nsid, keepalive;
  } cases[] = {
      {"NSID", "0003 0000", Fault::None, true, false},
      {"NSID with data, which means nothing", "0003 0001 ff", Fault::None, true, false},
      {"keepalive without a time-out, as clients send it", "000b 0000", Fault::None, false, true},
      {"several", "000b 0000 0003 0000 000c 0002 0000", Fault::None, true, true},
      {"an unknown one", "fde9 0003 010203", Fault::None, false, false},
      {"client subnet", "0008 0007 0001 18 00 c00002", Fault::None, false, false},
      {"client subnet with nonsense", "0008 0001 ff", Fault::None, false, false},
      {"a cookie of 8 octets", "000a 0008" + repeat("aa", 8), Fault::None, false, false},
      {"a cookie of 16 octets", "000a 0010" + repeat("aa", 16), Fault::None, false, false},
      {"a cookie of 40 octets", "000a 0028" + repeat("aa", 40), Fault::None, false, false},
      {"an empty cookie", "000a 0000", Fault::FormErr, false, false},
      {"a cookie of 7 octets", "000a 0007" + repeat("aa", 7), Fault::FormErr, false, false},
      {"a cookie of 9 octets", "000a 0009" + repeat("aa", 9), Fault::FormErr, false, false},
      {"a cookie of 15 octets", "000a 000f" + repeat("aa", 15), Fault::FormErr, false, false},
      {"a cookie of 41 octets", "000a 0029" + repeat("aa", 41), Fault::FormErr, false, false},
      {"an option past RDLENGTH", "0003 0001", Fault::FormErr, true, false},
      {"an unknown option past RDLENGTH", "fde9 ffff 01", Fault::FormErr, false, false},
      {"an option cut in its length", "0003 00", Fault::FormErr, false, false},
      {"a good option and one octet", "0003 0000 00", Fault::FormErr, true, false},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      Query query;
      const auto packet = wire(kOneAdditional + opt_with(c.options));
      CHECK(parse_query(packet, query) == c.fault);
      REQUIRE_MESSAGE(query.edns.has_value(), "the error reply needs an OPT");
      CHECK(query.edns->payload == 1232);
      if (c.fault == Fault::None) CHECK(query.edns->nsid == c.nsid);
      CHECK(query.edns->tcp_keepalive == c.keepalive);
    }
  }
}

TEST_CASE("an OPT in the wrong place") {
  const std::string opt = "00 0029 04d0 00000000 0000";
  struct {
    const char* title;
    std::string packet;
    bool edns;
  } cases[] = {
      {"two of them", "1234 0000 0001 0000 0000 0002" + kQuestion + opt + opt, true},
      {"two of them, a record between",
       "1234 0000 0001 0000 0000 0003" + kQuestion + opt + "00 0001 0001 00000000 0000" + opt, true},
      {"at a name", kOneAdditional + "'a' 0029 04d0 00000000 0000", false},
      {"at a name that is a pointer", kOneAdditional + "c00c 0029 04d0 00000000 0000", false},
      {"at the root by a pointer", kOneAdditional + "c015 0029 04d0 00000000 0000", false},
      {"among the answers", "1234 0000 0001 0001 0000 0000" + kQuestion + opt, false},
      {"in the authority section", "1234 0000 0001 0000 0001 0000" + kQuestion + opt, false},
      {"RDLENGTH past the end", kOneAdditional + "00 0029 04d0 00000000 0001", false},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      Query query;
      const auto packet = wire(c.packet);
      CHECK(parse_query(packet, query) == Fault::FormErr);
      CHECK(octets(query.question) == wire(kQuestion));
      CHECK(query.edns.has_value() == c.edns);
    }
  }
}
