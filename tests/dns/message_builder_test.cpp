#include <meridian/dns/message_builder.hpp>

#include <doctest/doctest.h>

#include "exchange.hpp"

using namespace meridian::dns;
using namespace meridian::dns::test;
namespace ip = boost::asio::ip;
using Texts = std::vector<std::string>;

namespace {

Name name(std::string_view text) {
  return *Name::from_text(text);
}

RRset a(const std::vector<const char*>& texts) {
  std::vector<ip::address> all;
  for (const auto* text : texts) all.push_back(ip::make_address(text));
  return RRset::addresses(30, all);
}

const std::string kHeader = "1234 0100 0001 0000 0000 0000";
const std::string kQuestion = "'HttpBin.bar.GLOBAL' 0001 0001";
const std::string kQuery = kHeader + kQuestion;

}  // namespace

TEST_CASE("the flags of a reply") {
  struct {
    const char* title;
    const char* asked;
    bool aa, ra;
    Rcode rcode;
    const char* told;
  } cases[] = {
      {"nothing set", "0000", false, false, Rcode::NoError, "8000"},
      {"RD and CD are copied", "0110", false, false, Rcode::NoError, "8110"},
      {"AD is not, nor Z, AA, TC, RA and rcode", "06ef", false, false, Rcode::NoError, "8000"},
      {"AA and RA as we say, and the rcode", "0000", true, true, Rcode::NXDomain, "8483"},
      {"the opcode is copied", "2000", false, false, Rcode::NotImp, "a004"},
      {"the largest opcode too", "7900", false, true, Rcode::NotImp, "f984"},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      Exchange exchange("beef" + std::string(c.asked) + "0001 0000 0000 0000" + kQuestion);
      exchange.reply.set_authoritative(c.aa);
      exchange.reply.set_recursion_available(c.ra);
      exchange.reply.set_rcode(c.rcode);
      CHECK(exchange.finish() == wire("beef" + std::string(c.told) + "0001 0000 0000 0000" + kQuestion));
    }
  }
}

TEST_CASE("the question is echoed octet for octet, and nothing behind it") {
  Exchange exchange(kQuery + "deadbeef");
  CHECK(exchange.finish() == wire("1234 8100 0001 0000 0000 0000" + kQuestion));
}

TEST_CASE("without a question the reply is a header") {
  Exchange exchange("1234 0100 0001 0000 0000 0000 c00c 0001 0001");
  exchange.reply.set_rcode(Rcode::FormErr);
  CHECK(exchange.finish() == wire("1234 8101 0000 0000 0000 0000"));
}

TEST_CASE("an answer's octets") {
  Exchange exchange(kQuery);
  CHECK(exchange.reply.answer(a({"240.0.0.2"})));
  CHECK(exchange.finish() ==
        wire("1234 8100 0001 0001 0000 0000" + kQuestion + "c00c 0001 0001 0000001e 0004 f0000002"));
}

TEST_CASE("owners are the question's name or what is left of it") {
  const auto soa = RRset::soa(10, name("ns.dns.global"), name("hostmaster.global"), 7, 7200, 1800, 86400, 10);
  const std::string rest = " 10 IN SOA ns.dns.global. hostmaster.global. 7 7200 1800 86400 10";
  struct {
    const char* title;
    unsigned skip;
    std::string owner;
  } cases[] = {
      {"all of it", 0, "HttpBin.bar.GLOBAL."},
      {"its parent", 1, "bar.GLOBAL."},
      {"its last label", 2, "GLOBAL."},
      {"the root", 3, "."},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      Exchange exchange(kQuery);
      CHECK(exchange.reply.authority(soa, c.skip));
      CHECK(exchange.read().authority == Texts{c.owner + rest});
    }
  }
}

TEST_CASE("the root asks for itself") {
  Exchange exchange(kHeader + "'.' 0002 0001");
  CHECK(exchange.reply.answer(RRset::ns(30, name("a.global"))));
  const auto message = exchange.read();
  CHECK(message.question == Texts{". IN NS"});
  CHECK(message.answer == Texts{". 30 IN NS a.global."});
}

TEST_CASE("glue has labels of its own in front of the zone") {
  const auto prefix = wire("02 6e73 03 646e73");
  Exchange exchange(kQuery);
  CHECK(exchange.reply.additional(a({"10.0.0.1", "10.0.0.2"}), 2, prefix));
  CHECK(exchange.reply.additional(a({"10.0.0.3"}), 3, prefix));
  CHECK(exchange.read().additional ==
        Texts{"ns.dns.GLOBAL. 30 IN A 10.0.0.1", "ns.dns.GLOBAL. 30 IN A 10.0.0.2", "ns.dns. 30 IN A 10.0.0.3"});
}

TEST_CASE("records of one RRset rotate") {
  const Name targets[] = {name("a.b"), name("longer.than.that"), name("c")};
  const auto ptr = RRset::ptr(30, targets);
  struct {
    const char* title;
    unsigned first;
    Texts order;
  } cases[] = {
      {"from the first", 0, {"a.b.", "longer.than.that.", "c."}},
      {"from the second", 1, {"longer.than.that.", "c.", "a.b."}},
      {"from the last", 2, {"c.", "a.b.", "longer.than.that."}},
      {"around", 3, {"a.b.", "longer.than.that.", "c."}},
      {"from any number", 4294967295, {"a.b.", "longer.than.that.", "c."}},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      Exchange exchange(kQuery);
      CHECK(exchange.reply.answer(ptr, 0, c.first));
      Texts expected;
      for (const auto& target : c.order) expected.push_back("HttpBin.bar.GLOBAL. 30 IN PTR " + target);
      CHECK(exchange.read().answer == expected);
    }
  }
}

TEST_CASE("addresses rotate too") {
  for (unsigned first = 0; first < 5; ++first) {
    Exchange exchange(kQuery);
    const std::vector<const char*> texts = {"10.0.0.0", "10.0.0.1", "10.0.0.2"};
    CHECK(exchange.reply.answer(a(texts), 0, first));
    Texts expected;
    for (unsigned i = 0; i < 3; ++i)
      expected.push_back(std::string("HttpBin.bar.GLOBAL. 30 IN A ") + texts[(first + i) % 3]);
    CHECK(exchange.read().answer == expected);
  }
}

TEST_CASE("an SRV under a wildcard has the question as target, as it was asked") {
  const RRset::Service services[] = {{0, 100, 80}, {0, 100, 443}};
  Exchange exchange(kHeader + "'X.bar.global' 0021 0001");
  CHECK(exchange.reply.answer(RRset::srv(30, services, nullptr), 0, 1));
  CHECK(exchange.read().answer ==
        Texts{"X.bar.global. 30 IN SRV 0 100 443 X.bar.global.", "X.bar.global. 30 IN SRV 0 100 80 X.bar.global."});
}

TEST_CASE("no records add nothing") {
  Exchange exchange("1234 0100 0000 0000 0000 0000");
  CHECK(exchange.reply.answer(RRsetView{}));
  CHECK(exchange.reply.authority(RRsetView{}, 0));
  CHECK(exchange.reply.additional(RRsetView{}, 0));
  CHECK(exchange.finish() == wire("1234 8100 0000 0000 0000 0000"));
}
