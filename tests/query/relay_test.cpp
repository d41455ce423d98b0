#include <meridian/query/relay.hpp>

#include <doctest/doctest.h>

#include "query/relayed.hpp"

using namespace meridian;
using namespace meridian::test;

namespace {

const std::string kAddress = "example.com. 60 IN A 192.0.2.1";

oracle::Message address() {
  auto upstream = upstream_reply("example.com. IN A");
  upstream.answer = {kAddress};
  return upstream;
}

}  // namespace

TEST_CASE("a relayed reply is the client's") {
  struct {
    const char* title;
    const char* question;
    const char* reply;
  } cases[] = {
      {"RD is as asked, set", "example.com A +rd", "NOERROR rd ra; example.com. 60 IN A 192.0.2.1"},
      {"RD is as asked, not set", "example.com A", "NOERROR ra; example.com. 60 IN A 192.0.2.1"},
      {"CD is as asked", "example.com A +rd +cd", "NOERROR rd ra cd; example.com. 60 IN A 192.0.2.1"},
      {"the question and the owners that point to it are spelled as asked", "eXample.COM A +rd",
       "NOERROR rd ra; eXample.COM. 60 IN A 192.0.2.1"},
      {"an OPT comes with EDNS", "example.com A +rd +edns", "NOERROR rd ra; example.com. 60 IN A 192.0.2.1; opt"},
      {"DO is copied", "example.com A +rd +do", "NOERROR rd ra; example.com. 60 IN A 192.0.2.1; opt do"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.title);
    CHECK(relayed(c.question, address()) == c.reply);
  }
}

TEST_CASE("all sections are relayed, whatever the upstream compressed") {
  auto upstream = upstream_reply("www.example.com. IN A");
  upstream.answer = {"www.example.com. 60 IN CNAME web.example.com.", "web.example.com. 60 IN A 192.0.2.1",
                     "web.example.com. 60 IN A 192.0.2.2"};
  upstream.authority = {"example.com. 60 IN NS ns.example.com."};
  upstream.additional = {"ns.example.com. 60 IN A 192.0.2.53"};
  const std::string records =
      "; www.example.com. 60 IN CNAME web.example.com.; web.example.com. 60 IN A 192.0.2.1; "
      "web.example.com. 60 IN A 192.0.2.2; authority example.com. 60 IN NS ns.example.com.; "
      "additional ns.example.com. 60 IN A 192.0.2.53";
  CHECK(relayed("www.example.com A +rd", upstream) == "NOERROR rd ra" + records);
  CHECK(relayed("www.example.com A +rd +edns", upstream) == "NOERROR rd ra" + records + "; opt");
  upstream.edns = false;
  CHECK(relayed("www.example.com A +rd", upstream) == "NOERROR rd ra" + records);
  CHECK(relayed("www.example.com A +rd +edns", upstream) == "NOERROR rd ra" + records + "; opt");
}

TEST_CASE("what the upstream says about itself stays behind") {
  auto upstream = address();
  upstream.aa = true;
  upstream.cd = true;
  upstream.ra = false;
  upstream.rd = false;
  upstream.payload = 4096;
  upstream.dnssec_ok = true;
  upstream.options = {0, 15, 0, 2, 0, 9, 0, 3, 0, 1, 'u'};  // an extended error and an NSID
  query::Settings settings;
  settings.nsid = "me";
  const Relayed reply("example.com A +rd +nsid", made(upstream), settings);
  CHECK(text_of(reply.message) == "NOERROR rd ra; " + kAddress + "; opt nsid=6d65");
  CHECK(reply.message.payload == 1232);
  CHECK(reply.message.edns_version == 0);
}

TEST_CASE("AD is the upstream's, and only for clients that ask for it") {
  struct {
    const char* title;
    bool upstream;
    const char* question;
    bool reply;
  } cases[] = {
      {"AD to a client that set AD", true, "example.com A +rd +ad", true},
      {"AD to a client that set DO", true, "example.com A +rd +do", true},
      {"no AD to a client that set neither", true, "example.com A +rd +edns", false},
      {"no AD where the upstream has none", false, "example.com A +rd +ad +do", false},
  };
  for (const auto& c : cases) {
    CAPTURE(c.title);
    auto upstream = address();
    upstream.ad = c.upstream;
    CHECK(Relayed(c.question, made(upstream)).message.ad == c.reply);
  }
}

TEST_CASE("an OPT that is not the upstream's last record") {
  auto upstream = address();
  upstream.additional = {"ns1.example.com. 60 IN A 192.0.2.51", "ns2.example.com. 60 IN A 192.0.2.52"};
  const auto octets = made_with_opt_inside(upstream);
  const std::string before = "; additional ns1.example.com. 60 IN A 192.0.2.51";
  // What stands behind it is left out: additional data is a courtesy (RFC 2181, 9).
  CHECK(text_of(Relayed("example.com A +rd", octets).message) == "NOERROR rd ra; " + kAddress + before);
  CHECK(text_of(Relayed("example.com A +rd +edns", octets).message) == "NOERROR rd ra; " + kAddress + before + "; opt");
  upstream.additional.erase(upstream.additional.begin());
  CHECK(text_of(Relayed("example.com A +rd +edns", made_with_opt_inside(upstream)).message) ==
        "NOERROR rd ra; " + kAddress + "; opt");
}

TEST_CASE("the rcode is the upstream's, where it can be said") {
  struct {
    const char* title;
    unsigned rcode;
    const char* question;
    const char* reply;
  } cases[] = {
      {"NXDOMAIN", 3, "example.com A +rd", "NXDOMAIN rd ra"},
      {"SERVFAIL", 2, "example.com A +rd +edns", "SERVFAIL rd ra; opt"},
      {"the largest without EDNS", 15, "example.com A +rd", "RCODE15 rd ra"},
      {"BADVERS to a client with EDNS", 16, "example.com A +rd +edns", "BADVERS rd ra; opt"},
      {"BADVERS to a client without", 16, "example.com A +rd", "SERVFAIL rd ra"},
      {"the largest to a client with EDNS", 4095, "example.com A +rd +edns", "RCODE4095 rd ra; opt"},
      {"the largest to a client without", 4095, "example.com A +rd", "SERVFAIL rd ra"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.title);
    auto upstream = upstream_reply("example.com. IN A");
    upstream.rcode = c.rcode;
    CHECK(relayed(c.question, upstream) == c.reply);
  }
}

TEST_CASE("the RDATA of unknown types is relayed octet for octet") {
  auto upstream = upstream_reply("example.com. IN TYPE65280");
  upstream.answer = {"example.com. 60 IN TYPE65280 \\# 6 c00c00ff2000"};
  CHECK(relayed("example.com TYPE65280 +rd", upstream) ==
        "NOERROR rd ra; example.com. 60 IN TYPE65280 \\# 6 c00c00ff2000");
}

TEST_CASE("a failure has its extended error, and no records") {
  const auto failed = [](std::string_view question, dns::ExtendedError error) {
    const auto packet = packet_of(question);
    dns::Query query;
    REQUIRE(dns::parse_query(packet, query) == dns::Fault::None);
    Octets out(1232);
    out.resize(query::fail(query, dns::Rcode::ServFail, error, {}, {}, out));
    const auto message = oracle::read_message(out);
    REQUIRE(message.has_value());
    CHECK(message->id == query.id);
    return text_of(*message);
  };
  CHECK(failed("example.com A +rd +edns", dns::ExtendedError::NoReachableAuthority) == "SERVFAIL rd ra; opt ede=22");
  CHECK(failed("example.com A +rd +do +cd", dns::ExtendedError::NetworkError) == "SERVFAIL rd ra cd; opt do ede=23");
  CHECK(failed("example.com A +rd", dns::ExtendedError::NetworkError) == "SERVFAIL rd ra");
}
