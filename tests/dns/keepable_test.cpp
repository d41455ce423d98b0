#include <meridian/dns/keepable.hpp>

#include <doctest/doctest.h>

#include "kept.hpp"

using namespace meridian::dns;
using namespace meridian::dns::test;
namespace oracle = meridian::oracle;

namespace {

const std::string kA = "a.example. 60 IN A 192.0.2.1";
const std::string kSoa = "example. 50 IN SOA ns.example. host.example. 1 2 3 4 40";
const std::string kRestOfSoa = " IN SOA ns.example. host.example. 1 2 3 4 40";
const std::string kNsec = "a.example. 40 IN NSEC b.example. A RRSIG NSEC";
const std::string kNsec3 =
    "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom.example. 60 IN NSEC3 1 1 12 aabbccdd "
    "2t7b4g4vsa5smi47k61mv5bv1a22bojr A";
const std::string kNs = "example. 60 IN NS ns.example.";

// The signature of the records of `type` at `owner`.
std::string signature(const std::string& owner, const std::string& type, unsigned ttl = 60) {
  return owner + " " + std::to_string(ttl) + " IN RRSIG " + type +
         " 8 2 60 20300101000000 20200101000000 1 example. YQ==";
}

std::string kept(const oracle::Message& message, const TtlLimits& limits = {}) {
  return Kept(message, limits).text();
}

struct Row {
  const char* title;
  const char* type;  // of the question for a.example.
  Texts answer, authority;
  unsigned rcode;
  std::string kept;
};

void check(std::initializer_list<Row> rows) {
  for (const auto& row : rows) {
    SUBCASE(row.title) {
      CHECK(kept(reply_to(std::string("a.example. IN ") + row.type, row.answer, row.authority, row.rcode)) == row.kept);
    }
  }
}

// CNAMEs from a.example. over c1.example. to c<links>.example., each a record.
Texts chain(unsigned links) {
  Texts answer;
  for (unsigned i = 0; i < links; ++i) {
    const auto name = [](unsigned at) { return at == 0 ? std::string("a") : "c" + std::to_string(at); };
    answer.push_back(name(i) + ".example. 60 IN CNAME " + name(i + 1) + ".example.");
  }
  return answer;
}

}  // namespace

TEST_CASE("answers that may be kept") {
  const std::string cname = "a.example. 30 IN CNAME b.example.", b = "b.example. 90 IN A 192.0.2.1";
  const std::string dname = "example. 70 IN DNAME example.net.", net = "a.example. 70 IN CNAME a.example.net.";
  check({
      {"an address", "A", {kA}, {}, 0, "60 s: " + kA},
      {"several live as long as the shortest",
       "A",
       {kA, "a.example. 20 IN A 192.0.2.2"},
       {},
       0,
       "20 s: " + kA + ", a.example. 20 IN A 192.0.2.2"},
      {"an alias and its address", "A", {cname, b}, {}, 0, "30 s: " + cname + ", " + b},
      {"in any order", "A", {b, cname}, {}, 0, "30 s: " + b + ", " + cname},
      {"an alias that was asked for ends the chain", "CNAME", {cname}, {}, 0, "30 s: " + cname},
      {"ANY: whatever is at the name",
       "ANY",
       {kA, "a.example. 50 IN TXT \"x\"", signature("a.example.", "TXT")},
       {},
       0,
       "50 s: " + kA + ", a.example. 50 IN TXT \"x\", " + signature("a.example.", "TXT")},
      {"ANY: an alias is not followed", "ANY", {cname}, {}, 0, "30 s: " + cname},
      {"signatures, which count",
       "A",
       {cname, signature("a.example.", "CNAME", 25), b, signature("b.example.", "A")},
       {},
       0,
       "25 s: " + cname + ", " + signature("a.example.", "CNAME", 25) + ", " + b + ", " + signature("b.example.", "A")},
      {"signatures that were asked for",
       "RRSIG",
       {signature("a.example.", "MX")},
       {},
       0,
       "60 s: " + signature("a.example.", "MX")},
      {"a DNAME above, signed",
       "A",
       {dname, signature("example.", "DNAME"), net, "a.example.net. 80 IN A 192.0.2.1"},
       {},
       0,
       "60 s: " + dname + ", " + signature("example.", "DNAME") + ", " + net + ", a.example.net. 80 IN A 192.0.2.1"},
      {"a DNAME above that hides an alias asked for", "CNAME", {dname, net}, {}, 0, "70 s: " + dname + ", " + net},
      {"the root as DNAME",
       "A",
       {". 60 IN DNAME net.", "a.example. 60 IN CNAME a.example.net.", "a.example.net. 80 IN A 192.0.2.1"},
       {},
       0,
       "60 s: . 60 IN DNAME net., a.example. 60 IN CNAME a.example.net., a.example.net. 80 IN A 192.0.2.1"},
      {"a proof that no closer name is there",
       "A",
       {kA, signature("a.example.", "A")},
       {kNsec, signature("a.example.", "NSEC"), kNs, signature("example.", "NS")},
       0,
       "40 s: " + kA + ", " + signature("a.example.", "A") + " / " + kNsec + ", " + signature("a.example.", "NSEC")},
      {"authority that is only delegation goes", "A", {kA}, {kNs}, 0, "60 s: " + kA},
      {"a type that nobody knows",
       "TYPE65280",
       {"a.example. 60 IN TYPE65280 \\# 2 c00c"},
       {},
       0,
       "60 s: a.example. 60 IN TYPE65280 \\# 2 c00c"},
  });
}

TEST_CASE("names are compared without case, and through pointers") {
  struct {
    const char* title;
    std::string owner;  // of the address that "e[Xa.com" is an alias for
    bool kept;
  } cases[] = {
      {"the octets of the target", "c026", true},
      {"spelled out", "'www.e[Xa.com'", true},
      {"in another case", "'WWW.E[xA.COM'", true},
      {"a label and a pointer", "03 575757 c00c", true},
      {"two labels and a pointer to the middle", "03 777777 04 655b5861 c011", true},
      {"a shorter name", "c00c", false},
      {"a longer name", "03 777777 c026", false},
      {"a name that ends earlier", "03 777777 04 655b5861 00", false},
      {"an octet that differs like case and is no letter", "'www.e{Xa.com'", false},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      const Kept reply(wire("1234 8180 0001 0002 0000 0000 'e[Xa.com' 0001 0001" +
                            std::string("c00c 0005 0001 0000003c 0006 03777777 c00c") + c.owner +
                            "0001 0001 0000003c 0004 c0000201"),
                       {});
      CHECK(reply.keepable.has_value() == c.kept);
    }
  }
}

TEST_CASE("a signature that is cut short is of nothing") {
  const std::string fields = "0001 08 02 0000003c 70dbd880 5e0be100 0001";  // 18 octets: of A
  for (const std::size_t size : {0, 1, 2, 17, 18}) {
    CAPTURE(size);
    auto rdata = wire(fields);
    rdata.resize(size);
    auto packet = wire(
        "1234 8180 0001 0002 0000 0000 'a' 0001 0001 c00c 0001 0001 0000003c 0004 c0000201"
        "c00c 002e 0001 0000003c 00");
    packet.push_back(static_cast<std::uint8_t>(size));
    packet.insert(packet.end(), rdata.begin(), rdata.end());
    const auto reply = check_reply(packet, 0x1234, wire("'a' 0001 0001"), CaseCheck::Exact);
    REQUIRE(reply.has_value());
    CHECK(keep(packet, *reply, {}).has_value() == (size == 18));
  }
}

TEST_CASE("answers with something beside the chain are not kept") {
  const std::string cname = "a.example. 30 IN CNAME b.example.", b = "b.example. 90 IN A 192.0.2.1";
  check({
      {"another name", "A", {kA, "www.bank.example. 60 IN A 192.0.2.66"}, {}, 0, "not kept"},
      {"another name only", "A", {"www.bank.example. 60 IN A 192.0.2.66"}, {}, 0, "not kept"},
      {"another type", "A", {kA, "a.example. 60 IN TXT \"x\""}, {}, 0, "not kept"},
      {"another type at the alias' target", "A", {cname, b, "b.example. 60 IN AAAA ::1"}, {}, 0, "not kept"},
      {"another class", "A", {"a.example. 60 CH A 192.0.2.1"}, {}, 0, "not kept"},
      {"the target of an alias that was asked for", "CNAME", {cname, b}, {}, 0, "not kept"},
      {"the target of an alias to ANY", "ANY", {cname, b}, {}, 0, "not kept"},
      {"a signature of another type", "A", {kA, signature("a.example.", "TXT")}, {}, 0, "not kept"},
      {"a signature of another name", "A", {kA, signature("b.example.", "A")}, {}, 0, "not kept"},
      {"two aliases of one name", "A", {cname, "a.example. 30 IN CNAME c.example.", b}, {}, 0, "not kept"},
      {"two aliases of one name, one of them good",
       "A",
       {"a.example. 30 IN CNAME c.example.", cname, b},
       {},
       0,
       "not kept"},
      {"the same alias twice", "A", {cname, cname, b}, {}, 0, "not kept"},
      {"an alias of itself", "A", {"a.example. 30 IN CNAME A.example."}, {kSoa}, 0, "not kept"},
      {"aliases in a circle", "A", {cname, "b.example. 30 IN CNAME a.example."}, {kSoa}, 0, "not kept"},
      {"a DNAME at the name itself", "A", {"a.example. 60 IN DNAME example.net.", kA}, {}, 0, "not kept"},
      {"a DNAME below", "A", {"x.a.example. 60 IN DNAME example.net.", kA}, {}, 0, "not kept"},
      {"a DNAME elsewhere", "A", {"xample. 60 IN DNAME example.net.", kA}, {}, 0, "not kept"},
      {"a proof behind what is left out", "A", {kA}, {kNs, kNsec}, 0, "not kept"},
      {"a hashed proof behind what is left out", "A", {kA}, {kNs, kNsec3}, 0, "not kept"},
      {"what is there and is not", "A", {kA}, {kSoa}, 3, "not kept"},
  });
}

TEST_CASE("a chain of 16 aliases is kept, one of 17 is not") {
  for (const unsigned links : {1u, 15u, 16u, 17u, 40u}) {
    CAPTURE(links);
    auto answer = chain(links);
    answer.push_back("c" + std::to_string(links) + ".example. 60 IN A 192.0.2.1");
    const Kept positive(reply_to("a.example. IN A", answer), {});
    CHECK(positive.keepable.has_value() == (links <= 16));
    const Kept denial(reply_to("a.example. IN A", chain(links), {kSoa}), {});
    CHECK(denial.keepable.has_value() == (links <= 16));
    std::reverse(answer.begin(), answer.end());
    CHECK(Kept(reply_to("a.example. IN A", answer), {}).keepable.has_value() == (links <= 16));
  }
}

TEST_CASE("denials") {
  const std::string cname = "a.example. 30 IN CNAME b.example.";
  const std::string soa = "example. 40" + kRestOfSoa;
  check({
      {"no such name", "A", {}, {kSoa}, 3, "40 s denial: / " + soa},
      {"no such type", "A", {}, {kSoa}, 0, "40 s denial: / " + soa},
      {"a SOA at the name itself",
       "A",
       {},
       {"a.example. 60 IN SOA ns. host. 1 2 3 4 5"},
       0,
       "5 s denial: / a.example. 5 IN SOA ns. host. 1 2 3 4 5"},
      {"a SOA at the root",
       "A",
       {},
       {". 60 IN SOA ns. host. 1 2 3 4 60"},
       3,
       "60 s denial: / . 60 IN SOA ns. host. 1 2 3 4 60"},
      {"the SOA's TTL may be the shorter",
       "A",
       {},
       {"example. 7" + kRestOfSoa},
       3,
       "7 s denial: / example. 7" + kRestOfSoa},
      {"no such name behind an alias", "A", {cname}, {kSoa}, 3, "30 s denial: " + cname + " / " + soa},
      {"no such type behind an alias", "A", {cname}, {kSoa}, 0, "30 s denial: " + cname + " / " + soa},
      {"with proof, and nothing of what follows it",
       "A",
       {},
       {kNsec, signature("a.example.", "NSEC"), kSoa, signature("example.", "SOA", 35), kNs},
       3,
       "35 s denial: / " + kNsec + ", " + signature("a.example.", "NSEC") + ", " + soa + ", " +
           signature("example.", "SOA", 35)},
      {"with hashed proof", "A", {}, {kNsec3, soa}, 3, "40 s denial: / " + kNsec3 + ", " + soa},
      {"without a SOA", "A", {}, {}, 3, "not kept"},
      {"without a SOA behind an alias", "A", {cname}, {}, 0, "not kept"},
      {"a delegation", "A", {}, {kNs}, 0, "not kept"},
      {"a SOA behind what is left out", "A", {}, {kNs, kSoa}, 3, "not kept"},
      {"a SOA elsewhere", "A", {}, {"xample. 60" + kRestOfSoa}, 3, "not kept"},
      {"a SOA below", "A", {}, {"x.a.example. 60" + kRestOfSoa}, 3, "not kept"},
      {"a SOA beside", "A", {}, {"b.example. 60" + kRestOfSoa}, 3, "not kept"},
      {"a SOA at the alias and not at its target",
       "A",
       {"a.example. 30 IN CNAME b.example.net."},
       {kSoa},
       3,
       "not kept"},
      {"a SOA of another class", "A", {}, {"example. 50 CH SOA ns. host. 1 2 3 4 5"}, 3, "not kept"},
      {"two SOAs", "A", {}, {kSoa, ". 60 IN SOA ns. host. 1 2 3 4 60"}, 3, "not kept"},
      {"a minimum of 0", "A", {}, {"example. 60 IN SOA ns. host. 1 2 3 4 0"}, 3, "not kept"},
  });
}

TEST_CASE("other replies are not kept") {
  for (const unsigned rcode : {1u, 2u, 4u, 5u, 9u, 16u, 19u}) {
    CAPTURE(rcode);
    auto message = reply_to("a.example. IN A", {kA}, {}, rcode);
    message.edns = true;
    CHECK(kept(message) == "not kept");
    message.answer.clear();
    message.authority = {kSoa};
    CHECK(kept(message) == "not kept");
  }
  auto truncated = reply_to("a.example. IN A", {kA});
  truncated.tc = true;
  CHECK(kept(truncated) == "not kept");
  CHECK(kept(reply_to("a.example. IN A", {})) == "not kept");
}

TEST_CASE("a reply of 128 records is kept, one of more is not") {
  for (const unsigned count : {127u, 128u, 129u, 4000u}) {
    CAPTURE(count);
    Texts answer;
    for (unsigned i = 0; i < count; ++i)
      answer.push_back("a.example. 9000 IN A 10.0." + std::to_string(i / 250) + "." + std::to_string(i % 250));
    const Kept reply(reply_to("a.example. IN A", answer), {});
    CHECK(reply.keepable.has_value() == (count <= Keepable::kMostRecords));
    CHECK(reply.all.answer.back().find(" 3600 ") != std::string::npos);
    const Kept more(reply_to("a.example. IN A", {kA}, Texts(count, kNs)), {});
    CHECK(more.keepable.has_value());  // what is left out does not count
  }
}
