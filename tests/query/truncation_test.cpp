#include <doctest/doctest.h>

#include "query/ask.hpp"

using namespace meridian;
using namespace meridian::test;

namespace {

// A host "many" with `count` IPv4 addresses and as many ports.
std::string many(unsigned count) {
  std::string addresses = "many A", ports = "\nmany SRV";
  for (unsigned i = 0; i < count; ++i) {
    addresses += " 240.0." + std::to_string(i / 250) + "." + std::to_string(i % 250 + 1);
    ports += " " + std::to_string(8000 + i);
  }
  return addresses + ports;
}

}  // namespace

// "many.global A" is 12 + 17 octets of header and question, each address 16 behind its pointer, an OPT 11.
TEST_CASE("an answer that is too big for the client has the records that fit, and TC") {
  const Server server{zones_from(many(200))};
  struct {
    const char* title;
    const char* question;
    std::size_t records;
  } cases[] = {
      {"512 octets without EDNS", "many.global A", (512 - 29) / 16},
      {"512 octets with EDNS that says less", "many.global A +bufsize=100", (512 - 29 - 11) / 16},
      {"what the client takes", "many.global A +bufsize=1000", (1000 - 29 - 11) / 16},
      {"no more than ours", "many.global A +bufsize=65535", (1232 - 29 - 11) / 16},
  };
  for (const auto& c : cases) {
    CAPTURE(c.title);
    const auto message = Reply(server, packet_of(c.question)).message;  // OPT and limit are checked for every reply
    CHECK(message.tc);
    CHECK(message.aa);
    CHECK(message.rcode == 0);
    CHECK(message.answer.size() == c.records);
    CHECK(message.authority.empty());
    CHECK(message.additional.empty());
  }
}

TEST_CASE("the same over TCP is whole") {
  Server server{zones_from(many(2000))};
  server.client.tcp = true;
  for (const char* question : {"many.global A", "many.global A +bufsize=512", "many.global SRV"}) {
    CAPTURE(question);
    const auto message = Reply(server, packet_of(question)).message;
    CHECK_FALSE(message.tc);
    CHECK(message.answer.size() == 2000);
  }
}

TEST_CASE("what is too big for TCP is truncated, too") {
  Server server{zones_from(many(4000))};
  server.client.tcp = true;
  const auto message = Reply(server, packet_of("many.global SRV")).message;
  CHECK(message.tc);
  CHECK(message.answer.size() < 4000);
}

TEST_CASE("an answer is truncated at the octet") {
  const unsigned most = (512 - 29) / 16;
  CHECK_FALSE(Reply(Server{zones_from(many(most))}, packet_of("many.global A")).message.tc);
  CHECK(Reply(Server{zones_from(many(most + 1))}, packet_of("many.global A")).message.tc);
}

TEST_CASE("glue that does not fit is left out, without TC") {
  const Server some{zones_from(many(11))};
  const auto whole = Reply(some, packet_of("many.global SRV")).message;
  CHECK_FALSE(whole.tc);
  CHECK(whole.answer.size() == 11);
  CHECK(whole.additional.empty());  // 11 addresses are 176 octets, and there are 142 left
  CHECK(Reply(some, packet_of("many.global SRV +edns")).message.additional.size() == 11);
}

TEST_CASE("an answer of SRV that does not fit has TC, and no glue") {
  const auto message = Reply(Server{zones_from(many(100))}, packet_of("many.global SRV")).message;
  CHECK(message.tc);
  CHECK(message.additional.empty());
}
