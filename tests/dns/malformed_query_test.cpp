// Octets that are no query: each is told apart at once, and what could be read of it is there for the error reply.

#include <meridian/dns/message.hpp>

#include <doctest/doctest.h>

#include "wire_text.hpp"

using namespace meridian::dns;
using namespace meridian::dns::test;

namespace {

const std::string kQuery = "1234 0100 0001 0000 0000 0000";      // a header with one question
const std::string kQuestion = "'httpbin.bar.global' 0001 0001";  // 24 octets: what follows begins at 36 (0x24)
const std::string kOpt = "00 0029 04d0 00000000 0000";

// Labels of 49 octets, `labels` of them, without a root.
std::string labels_of_50_octets(std::size_t labels) {
  return repeat("31" + repeat("61", 49), labels);
}

}  // namespace

TEST_CASE("a question that is none") {
  struct {
    const char* title;
    std::string packet;
  } cases[] = {
      {"is missing", kQuery},
      {"is a pointer to itself", kQuery + "c00c 0001 0001"},
      {"is a label and a pointer to it", kQuery + "0161 c00c 0001 0001"},
      {"points forward", kQuery + "c012 0001 0001 0000 'a'"},
      {"points into the header", kQuery + "c000 0001 0001"},
      {"points into the header behind a label", kQuery + "0161 c005 0001 0001"},
      {"points out of the packet", kQuery + "ffff 0001 0001"},
      {"is half a pointer", kQuery + "c0"},
      {"has a label of type 0x40", kQuery + "4161 00 0001 0001"},
      {"has a label of type 0x80", kQuery + "8161 00 0001 0001"},
      {"has a label of type 0x40 behind a good one", kQuery + "0161 4000 0001 0001"},
      {"is 256 octets long", kQuery + labels_of_50_octets(5) + "0461616161 00 0001 0001"},
      {"has 128 labels of one octet", kQuery + repeat("0161", 128) + "00 0001 0001"},
      {"is far too long", kQuery + labels_of_50_octets(20) + "00 0001 0001"},
      {"has no root", kQuery + "0161"},
      {"has a label that is cut", kQuery + "0561"},
      {"has no type", kQuery + "'a'"},
      {"has half a type", kQuery + "'a' 00"},
      {"has half a class", kQuery + "'a' 0001 00"},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      Query query;
      const auto packet = wire(c.packet);
      CHECK(parse_query(packet, query) == Fault::FormErr);
      CHECK(query.id == 0x1234);
      CHECK(query.recursion_desired);
      CHECK(query.question.empty());
    }
  }
}

TEST_CASE("a name of 255 octets is one, and only just") {
  Query query;
  const auto packet = wire(kQuery + labels_of_50_octets(5) + "03616161 00 0001 0001");
  CHECK(parse_query(packet, query) == Fault::None);
  CHECK(query.name.size == 255);
}

TEST_CASE("another number of questions") {
  struct {
    const char* title;
    std::string packet;
    bool edns;
  } cases[] = {
      {"none", "1234 0100 0000 0000 0000 0000", false},
      {"none, with an OPT", "1234 0100 0000 0000 0000 0001" + kOpt, true},
      {"two", "1234 0100 0002 0000 0000 0000" + kQuestion + kQuestion, false},
      {"two, with an OPT", "1234 0100 0002 0000 0000 0001" + kQuestion + kQuestion + kOpt, true},
      {"two, the second one a good pointer", "1234 0100 0002 0000 0000 0001" + kQuestion + "c00c 0001 0001" + kOpt,
       true},
      {"two, the second one missing", "1234 0100 0002 0000 0000 0001" + kQuestion, false},
      {"65,535, with one there", "1234 0100 ffff 0000 0000 0000" + kQuestion, false},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      Query query;
      const auto packet = wire(c.packet);
      CHECK(parse_query(packet, query) == Fault::FormErr);
      CHECK(query.question.empty());
      CHECK(query.edns.has_value() == c.edns);
    }
  }
}

TEST_CASE("records that a query may carry") {
  const std::string soa = "c00c 0006 0001 0000001e 0000";
  const std::string tsig = "'key' 00fa 00ff 00000000 0002 abcd";
  struct {
    const char* title;
    std::string packet;
    Fault fault;
    bool tsig;
  } cases[] = {
      {"an answer", "1234 0100 0001 0001 0000 0000" + kQuestion + "c00c 0001 0001 0000001e 0004 f0000002", Fault::None,
       false},
      {"the SOA of an IXFR", "1234 0100 0001 0000 0001 0000" + kQuestion + soa, Fault::None, false},
      {"a TSIG", "1234 0100 0001 0000 0000 0001" + kQuestion + tsig, Fault::None, true},
      {"a TSIG behind an OPT", "1234 0100 0001 0000 0000 0002" + kQuestion + kOpt + tsig, Fault::None, true},
      {"octets behind the last record", kQuery + kQuestion + "deadbeef", Fault::None, false},
      {"a pointer to a pointer", "1234 0100 0001 0001 0001 0000" + kQuestion + soa + "c024 0006 0001 0000001e 0000",
       Fault::None, false},
      {"a label in front of a pointer",
       "1234 0100 0001 0001 0000 0000" + kQuestion + "0178 c014 0001 0001 0000001e 0000", Fault::None, false},
      {"an answer that is counted and missing", "1234 0100 0001 0001 0000 0000" + kQuestion, Fault::FormErr, false},
      {"65,535 answers, one there", "1234 0100 0001 ffff ffff ffff" + kQuestion + soa, Fault::FormErr, false},
      {"an additional record that is missing", "1234 0100 0001 0000 0000 0001" + kQuestion, Fault::FormErr, false},
      {"a record cut in its fixed fields", "1234 0100 0001 0000 0001 0000" + kQuestion + "c00c 0006 0001 00000000 00",
       Fault::FormErr, false},
      {"a record whose RDLENGTH passes the end",
       "1234 0100 0001 0000 0001 0000" + kQuestion + "c00c 0006 0001 00000000 0001", Fault::FormErr, false},
      {"an owner that points to itself", "1234 0100 0001 0000 0001 0000" + kQuestion + "c024 0006 0001 00000000 0000",
       Fault::FormErr, false},
      {"an owner whose label points back to it",
       "1234 0100 0001 0000 0001 0000" + kQuestion + "0161 c024 0006 0001 00000000 0000", Fault::FormErr, false},
      {"an owner that points forward", "1234 0100 0001 0000 0001 0000" + kQuestion + "c026 0006 0001 00000000 0000",
       Fault::FormErr, false},
      {"an owner that points into the header",
       "1234 0100 0001 0000 0001 0000" + kQuestion + "c00b 0006 0001 00000000 0000", Fault::FormErr, false},
      {"an owner with a label of type 0x40",
       "1234 0100 0001 0000 0001 0000" + kQuestion + "4161 00 0006 0001 00000000 0000", Fault::FormErr, false},
      {"an owner over 255 octets by its pointer",
       "1234 0100 0001 0000 0001 0000" + kQuestion + labels_of_50_octets(5) + "c00c 0006 0001 00000000 0000",
       Fault::FormErr, false},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      Query query;
      const auto packet = wire(c.packet);
      CHECK(parse_query(packet, query) == c.fault);
      CHECK(octets(query.question) == wire(kQuestion));
      CHECK(query.tsig == c.tsig);
    }
  }
}

TEST_CASE("a chain of pointers is followed no further than a name can need") {
  const auto packet = [](unsigned pointers) {
    std::string text = "1234 0100 0001 0001 0001 0000 '.' 0001 0001";  // an answer of raw RDATA begins at 17
    constexpr unsigned kRdata = 17 + 11;
    Octets chain;
    for (unsigned i = 0; i < pointers; ++i) {
      const unsigned target = i == 0 ? 12 : kRdata + 2 * (i - 1);
      chain.push_back(static_cast<std::uint8_t>(0xc0 | target >> 8));
      chain.push_back(static_cast<std::uint8_t>(target));
    }
    Octets octets = wire(text + "00 fde8 0001 00000000");
    octets.push_back(static_cast<std::uint8_t>(chain.size() >> 8));
    octets.push_back(static_cast<std::uint8_t>(chain.size()));
    octets.insert(octets.end(), chain.begin(), chain.end());
    // The owner of the next record is the last pointer of the chain.
    octets.insert(octets.end(), chain.end() - 2, chain.end());
    const auto fields = wire("0001 0001 00000000 0000");
    octets.insert(octets.end(), fields.begin(), fields.end());
    return octets;
  };
  Query query;
  CHECK(parse_query(packet(1), query) == Fault::None);
  CHECK(parse_query(packet(128), query) == Fault::None);
  CHECK(parse_query(packet(129), query) == Fault::FormErr);
}

TEST_CASE("an opcode that we do not know comes before any other fault") {
  struct {
    const char* title;
    std::string packet;
    bool question, edns;
  } cases[] = {
      {"whole", "1234 2800 0001 0000 0000 0001" + kQuestion + kOpt, true, true},
      {"without a question", "1234 3000 0000 0000 0000 0000", false, false},
      {"with two questions and an OPT", "1234 2000 0002 0000 0000 0001" + kQuestion + kQuestion + kOpt, false, true},
      {"with a question that is none", "1234 2000 0001 0000 0000 0001 c00c 0001 0001" + kOpt, false, false},
      {"with records that are missing", "1234 2800 0001 0000 0003 0000" + kQuestion, true, false},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      Query query;
      const auto packet = wire(c.packet);
      CHECK(parse_query(packet, query) == Fault::NotImp);
      CHECK(query.question.empty() != c.question);
      CHECK(query.edns.has_value() == c.edns);
    }
  }
}
