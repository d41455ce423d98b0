#include <meridian/dns/rrset.hpp>

#include <doctest/doctest.h>

#include <stdexcept>

#include "../support/ldns_oracle.hpp"

using namespace meridian::dns;
namespace ip = boost::asio::ip;
namespace oracle = meridian::oracle;

namespace {

Name name(std::string_view text) {
  return *Name::from_text(text);
}

oracle::Octets octets(const RRset& rrset) {
  return {rrset.view().records.begin(), rrset.view().records.end()};
}

// What ldns makes of the same records written as in a master file.
oracle::Octets from_text(const std::vector<std::string>& records) {
  oracle::Octets all;
  for (const auto& record : records) {
    const auto one = oracle::record_from_text(record);
    REQUIRE_MESSAGE(one.has_value(), record);
    all.insert(all.end(), one->begin(), one->end());
  }
  return all;
}

std::vector<ip::address> addresses(const std::vector<const char*>& texts) {
  std::vector<ip::address> all;
  for (const auto* text : texts) all.push_back(ip::make_address(text));
  return all;
}

RRset txt(const std::vector<std::string>& strings) {
  return RRset::txt(30, Class::IN, strings);
}

const RRset::Service kServices[] = {{0, 100, 80}, {1, 2, 65535}};

}  // namespace

TEST_CASE("records are what ldns reads from a master file") {
  const Name target = name("HttpBin.bar.global");
  const Name targets[] = {name("a.global"), name("bb.global")};
  const std::string longest(255, 'x');
  struct {
    const char* title;
    RRset made;
    Type type;
    std::vector<std::string> records;
  } cases[] = {
      {"A",
       RRset::addresses(30, addresses({"240.0.0.2", "0.0.0.255"})),
       Type::A,
       {". 30 A 240.0.0.2", ". 30 A 0.0.0.255"}},
      {"AAAA", RRset::addresses(0, addresses({"2001:db8::1"})), Type::AAAA, {". 0 AAAA 2001:db8::1"}},
      {"SOA",
       RRset::soa(10, name("ns.dns.global"), name("hostmaster.global"), 4294967295, 7200, 1800, 86400, 10),
       Type::SOA,
       {". 10 SOA ns.dns.global. hostmaster.global. 4294967295 7200 1800 86400 10"}},
      {"NS", RRset::ns(2147483647, target), Type::NS, {". 2147483647 NS HttpBin.bar.global."}},
      {"PTR", RRset::ptr(30, targets), Type::PTR, {". 30 PTR a.global.", ". 30 PTR bb.global."}},
      {"PTR to the root", RRset::ptr(30, std::vector{Name()}), Type::PTR, {". 30 PTR ."}},
      {"TXT", txt({"one", "two words"}), Type::TXT, {". 30 TXT \"one\" \"two words\""}},
      {"TXT of an empty string", txt({""}), Type::TXT, {". 30 TXT \"\""}},
      {"TXT with an empty string in the middle", txt({"a", "", "b"}), Type::TXT, {". 30 TXT \"a\" \"\" \"b\""}},
      {"TXT of 255 octets is one string", txt({longest}), Type::TXT, {". 30 TXT \"" + longest + "\""}},
      {"TXT of 256 octets is split", txt({longest + "y"}), Type::TXT, {". 30 TXT \"" + longest + "\" \"y\""}},
      {"TXT of any octets", txt({std::string("\0\xff\"\\", 4)}), Type::TXT, {R"(. 30 TXT "\000\255\"\\")"}},
      {"TXT in CHAOS", RRset::txt(0, Class::CH, std::vector<std::string>{"1"}), Type::TXT, {". 0 CH TXT \"1\""}},
      {"SRV",
       RRset::srv(30, kServices, &target),
       Type::SRV,
       {". 30 SRV 0 100 80 HttpBin.bar.global.", ". 30 SRV 1 2 65535 HttpBin.bar.global."}},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      CHECK(octets(c.made) == from_text(c.records));
      CHECK(c.made.type() == c.type);
      CHECK(c.made.view().type == c.type);
      CHECK(c.made.view().count == c.records.size());
      CHECK_FALSE(c.made.view().target_is_question);
    }
  }
}

TEST_CASE("an SRV without a target lacks just that") {
  const RRset made = RRset::srv(30, kServices, nullptr);
  CHECK(made.view().target_is_question);
  CHECK(made.view().count == 2);
  auto expected = from_text({". 30 SRV 0 100 80 .", ". 30 SRV 1 2 65535 ."});
  for (const std::size_t end : {34, 17}) {
    expected.erase(expected.begin() + end - 1);  // the root
    expected[end - 1 - 7] = 6;                   // RDLENGTH
  }
  CHECK(octets(made) == expected);
}

TEST_CASE("no data, no records") {
  CHECK(RRset().view().empty());
  CHECK(RRset::addresses(30, {}).view().empty());
  CHECK(RRset::ptr(30, {}).view().empty());
  CHECK(RRset::srv(30, {}, nullptr).view().empty());
}

TEST_CASE("data that makes no record is refused with the reason") {
  struct {
    const char* title;
    RRset (*make)();
    const char* reason;
  } cases[] = {
      {"two families in one RRset",
       [] {
         return RRset::addresses(30, addresses({"240.0.0.2", "::1"}));
       },
       "A record: ::1 is of the other family"},
      {"a TTL of 2^31", [] { return RRset::ns(2147483648, Name()); }, "NS record: a TTL of 2^31 seconds or more"},
      {"TXT without a string", [] { return txt({}); }, "TXT record: no character-string (RFC 1035, 3.3.14)"},
      {"more text than RDLENGTH can say", [] { return txt({std::string(65300, 'x')}); },
       "TXT record: more RDATA than its length can say"},
      {"more records than a message can count",
       [] { return RRset::addresses(30, std::vector<ip::address>(65536, ip::address_v4(1))); },
       "A record: more records than a message can count"},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      CHECK_THROWS_WITH_AS(c.make(), c.reason, std::invalid_argument);
    }
  }
}

TEST_CASE("a copy of an RRset has its own octets") {
  auto original = std::make_unique<RRset>(RRset::ns(30, name("a.global")));
  const RRset copy = *original;
  original.reset();
  CHECK(octets(copy) == from_text({". 30 NS a.global."}));
}
