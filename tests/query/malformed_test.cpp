#include <doctest/doctest.h>

#include "dns/wire_text.hpp"
#include "query/ask.hpp"

using namespace meridian;
using namespace meridian::test;
using dns::test::wire;

namespace {

const std::string kQuestion = "'httpbin.bar.global' 0001 0001";
const std::string kWithOne = "1234 0000 0001 0000 0000 0001 " + kQuestion;
const std::string kOpt = "00 0029 04d0 00000000 0000";
const std::string kAnswer = "NOERROR aa ra; httpbin.bar.global. 30 IN A 240.0.0.2";

Server server() {
  return {zones_from("httpbin.bar A 240.0.0.2")};
}

}  // namespace

TEST_CASE("a malformed query") {
  struct {
    const char* title;
    std::string packet;
    std::string reply;
  } cases[] = {
      {"a name that points at itself", "1234 0000 0001 0000 0000 0000 c00c 0001 0001", "FORMERR ra"},
      {"a name that points forward", "1234 0000 0001 0000 0000 0000 c00e 0001 0001", "FORMERR ra"},
      {"a name that points into the header", "1234 0000 0001 0000 0000 0000 c000 0001 0001", "FORMERR ra"},
      {"a label of type 0x40", "1234 0000 0001 0000 0000 0000 4161 00 0001 0001", "FORMERR ra"},
      {"a label of type 0x80", "1234 0000 0001 0000 0000 0000 8161 00 0001 0001", "FORMERR ra"},
      {"a question cut in its name", "1234 0000 0001 0000 0000 0000 0378", "FORMERR ra"},
      {"a question cut in its class", "1234 0000 0001 0000 0000 0000 'global' 0001 00", "FORMERR ra"},
      {"a header and nothing else", "1234 0000 0001 0000 0000 0000", "FORMERR ra"},
      {"an answer that is not there", "1234 0000 0001 0001 0000 0000" + kQuestion, "FORMERR ra"},
      {"counts that lie", "1234 0000 0001 ffff ffff ffff" + kQuestion, "FORMERR ra"},
      {"an OPT that is not there", kWithOne, "FORMERR ra"},
      {"two OPTs", "1234 0000 0001 0000 0000 0002" + kQuestion + kOpt + kOpt, "FORMERR ra; opt"},
      {"an OPT at another owner than the root", kWithOne + "0161 00 0029 04d0 00000000 0000", "FORMERR ra"},
      {"an OPT in the answer section", "1234 0000 0001 0001 0000 0000" + kQuestion + kOpt, "FORMERR ra"},
      {"octets behind the end are ignored, and not echoed", "1234 0000 0001 0000 0000 0000" + kQuestion + "dead beef",
       kAnswer},
      {"octets behind an OPT are ignored, and not echoed", kWithOne + kOpt + "dead beef", kAnswer + "; opt"},
      {"records that a query need not have are stepped over",
       "1234 0000 0001 0001 0000 0000" + kQuestion + "c00c 0001 0001 0000001e 0004 7f000001", kAnswer},
  };
  for (const auto& c : cases) {
    CAPTURE(c.title);
    CHECK(ask(server(), wire(c.packet)) == c.reply);
  }
}

TEST_CASE("a packet too short for a header gets nothing") {
  const auto packet = wire("1234 0000 0001 0000 0000 0000");
  for (std::size_t size = 0; size < packet.size(); ++size) {
    CAPTURE(size);
    CHECK(ask(server(), Octets(packet.begin(), packet.begin() + static_cast<std::ptrdiff_t>(size))) == "drop");
  }
}

TEST_CASE("every cut of a query is survived, and answered from its header on") {
  const auto packet = packet_of("httpbin.bar.global A +nsid +do");
  for (std::size_t size = dns::kHeaderSize; size < packet.size(); ++size) {
    CAPTURE(size);
    const auto reply = ask(server(), Octets(packet.begin(), packet.begin() + static_cast<std::ptrdiff_t>(size)));
    CHECK(reply.starts_with("FORMERR ra"));
  }
}

TEST_CASE("TSIG with a key that we do not hold") {
  const std::string tsig =
      "03 6b6579 00 00fa 00ff 00000000 001a 08 686d61632d6d6435 00 000000000000 012c 0000 1234 0000 0000";
  CHECK(ask(server(), wire(kWithOne + tsig)) == "NOTAUTH ra");
  CHECK(ask(server(), wire("1234 0000 0001 0000 0000 0002" + kQuestion + kOpt + tsig)) == "NOTAUTH ra; opt");
}

TEST_CASE("transfers are refused, over TCP too") {
  auto asked = server();
  for (const bool tcp : {false, true}) {
    asked.client.tcp = tcp;
    check(asked, {
                     {"AXFR of a zone", "global AXFR +edns", "REFUSED ra; opt ede=18"},
                     {"IXFR of a zone", "global IXFR +edns", "REFUSED ra; opt ede=18"},
                     {"AXFR of a host", "httpbin.bar.global AXFR", "REFUSED ra"},
                     {"AXFR of another's zone, which is not forwarded", "example.com AXFR +rd +edns",
                      "REFUSED rd ra; opt ede=18"},
                 });
  }
}
