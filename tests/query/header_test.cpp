#include <doctest/doctest.h>

#include "dns/wire_text.hpp"
#include "query/ask.hpp"

using namespace meridian;
using namespace meridian::test;

namespace {

const std::string kAnswer = "; httpbin.bar.global. 30 IN A 240.0.0.2";

}  // namespace

TEST_CASE("the flags of a query") {
  Server server{zones_from("httpbin.bar A 240.0.0.2")};
  check(server, {
                    {"RD is copied", "httpbin.bar.global A +rd", "NOERROR aa rd ra" + kAnswer},
                    {"CD is copied", "httpbin.bar.global A +cd", "NOERROR aa ra cd" + kAnswer},
                    {"AD is not: our answers are not validated", "httpbin.bar.global A +ad", "NOERROR aa ra" + kAnswer},
                    {"AD is not, with DO", "httpbin.bar.global A +ad +do", "NOERROR aa ra" + kAnswer + "; opt do"},
                    {"AA, TC, RA and Z mean nothing", "httpbin.bar.global A +aa +tc +ra +z", "NOERROR aa ra" + kAnswer},
                    {"all at once", "httpbin.bar.global A +aa +tc +rd +ra +z +ad +cd", "NOERROR aa rd ra cd" + kAnswer},
                    {"QR=1 is never answered", "httpbin.bar.global A +qr", "drop"},
                    {"QR=1 is never answered, whatever else is wrong", "httpbin.bar.global A +qr +opcode=5", "drop"},
                    {"QR=1 is never forwarded", "example.com A +qr +rd", "drop"},
                });
}

TEST_CASE("RA says whether this client could have recursion, on our own answers too") {
  struct {
    const char* title;
    bool forwarding, may_recurse;
    const char* reply;
  } cases[] = {
      {"it could", true, true, "NOERROR aa ra"},
      {"it may not", true, false, "NOERROR aa"},
      {"nobody can", false, true, "NOERROR aa"},
      {"neither", false, false, "NOERROR aa"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.title);
    Server server{zones_from("httpbin.bar A 240.0.0.2")};
    server.settings.forwarding = c.forwarding;
    server.client.may_recurse = c.may_recurse;
    CHECK(ask(server, "httpbin.bar.global A") == c.reply + kAnswer);
    CHECK(ask(server, "httpbin.bar.global AAAA") == std::string(c.reply) + "; " + kSoa);
  }
}

TEST_CASE("an opcode other than QUERY is not implemented, and copied") {
  const Server server{zones_from("httpbin.bar A 240.0.0.2")};
  for (unsigned opcode = 1; opcode < 16; ++opcode) {
    CAPTURE(opcode);
    const std::string word = " +opcode=" + std::to_string(opcode);  // that it is copied is checked for every reply
    CHECK(ask(server, "httpbin.bar.global A" + word) == "NOTIMP ra");
    CHECK(ask(server, "httpbin.bar.global A +edns" + word) == "NOTIMP ra; opt");
    CHECK(ask(server, "global SOA +version=1" + word) == "NOTIMP ra; opt");  // before everything
  }
}

TEST_CASE("the number of questions") {
  const Server server{zones_from("httpbin.bar A 240.0.0.2")};
  struct {
    const char* title;
    const char* packet;
    const char* reply;
  } cases[] = {
      {"none", "1234 0000 0000 0000 0000 0000", "FORMERR ra"},
      {"none, with an OPT", "1234 0000 0000 0000 0000 0001 00 0029 04d0 00000000 0000", "FORMERR ra; opt"},
      {"two", "1234 0000 0002 0000 0000 0000 'httpbin.bar.global' 0001 0001 'httpbin.bar.global' 001c 0001",
       "FORMERR ra"},
      {"two, with an OPT",
       "1234 0000 0002 0000 0000 0001 'a.global' 0001 0001 c00c 001c 0001 00 0029 04d0 00000000 0000",
       "FORMERR ra; opt"},
      {"the most that can be said", "1234 0000 ffff 0000 0000 0000 'a.global' 0001 0001", "FORMERR ra"},
      {"two, but another opcode comes first", "1234 2800 0002 0000 0000 0000 'a.global' 0001 0001", "NOTIMP ra"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.title);
    CHECK(ask(server, dns::test::wire(c.packet)) == c.reply);
  }
}

TEST_CASE("a class other than IN and CH") {
  const Server server{zones_from("httpbin.bar A 240.0.0.2")};
  check(server, {
                    {"HS", "httpbin.bar.global A HS +edns", "REFUSED ra; opt ede=20"},
                    {"NONE", "httpbin.bar.global A CLASS254", "REFUSED ra"},
                    {"ANY", "httpbin.bar.global A ANY", "REFUSED ra"},
                    {"one that nobody knows", "httpbin.bar.global A CLASS65280", "REFUSED ra"},
                    {"0", "httpbin.bar.global A CLASS0", "REFUSED ra"},
                    {"is never forwarded", "example.com A HS +rd", "REFUSED rd ra"},
                    {"is refused for special names", "localhost A HS", "REFUSED ra"},
                });
}
