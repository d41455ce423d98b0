#include <doctest/doctest.h>

#include "query/ask.hpp"

using namespace meridian;
using namespace meridian::test;

namespace {

const std::string kAnswer = "NOERROR aa ra; httpbin.bar.global. 30 IN A 240.0.0.2";

Server server_with_nsid() {
  Server server{zones_from("httpbin.bar A 240.0.0.2")};
  server.settings.nsid = "a1";
  return server;
}

}  // namespace

TEST_CASE("EDNS") {
  Server server = server_with_nsid();
  check(server,
        {
            {"is not sent uninvited", "httpbin.bar.global A", kAnswer},
            {"is answered in EDNS", "httpbin.bar.global A +edns", kAnswer + "; opt"},
            {"is answered in EDNS by a negative, too", "nobody.global A +edns", kNoSuchName + "; opt"},
            {"DO is copied", "httpbin.bar.global A +do", kAnswer + "; opt do"},
            {"an unknown option is ignored", "httpbin.bar.global A +option=fde90002abcd", kAnswer + "; opt"},
            {"a client subnet is ignored", "httpbin.bar.global A +option=0008000700011800c00002", kAnswer + "; opt"},
            {"padding is not answered with padding", "httpbin.bar.global A +option=000c00020000", kAnswer + "; opt"},
            {"a payload of 0 counts as 512", "httpbin.bar.global A +bufsize=0", kAnswer + "; opt"},
            {"NSID is told if asked for", "httpbin.bar.global A +nsid", kAnswer + "; opt nsid=6131"},
            {"NSID is told with an error, too", "example.com A +nsid", "REFUSED ra; opt ede=20 nsid=6131"},
            {"keepalive is not told over UDP", "httpbin.bar.global A +keepalive", kAnswer + "; opt"},
            {"version 1 is BADVERS, with no answer", "httpbin.bar.global A +version=1", "BADVERS ra; opt"},
            {"version 255 is BADVERS", "httpbin.bar.global A +version=255", "BADVERS ra; opt"},
            {"version 1 is BADVERS for what is forwarded", "example.com A +rd +version=1", "BADVERS rd ra; opt"},
            {"version 1 with DO", "httpbin.bar.global A +version=1 +do", "BADVERS ra; opt do"},
            {"a cookie of 7 octets is malformed", "httpbin.bar.global A +option=000a000701020304050607",
             "FORMERR ra; opt"},
            {"a cookie without octets is malformed", "httpbin.bar.global A +option=000a0000", "FORMERR ra; opt"},
            {"an option past the end is malformed", "httpbin.bar.global A +option=00030004ab", "FORMERR ra; opt"},
        });
  server.client.tcp = true;
  check(server,
        {
            {"keepalive is told over TCP if sent", "httpbin.bar.global A +keepalive", kAnswer + "; opt keepalive=100"},
            {"keepalive is not told over TCP uninvited", "httpbin.bar.global A +edns", kAnswer + "; opt"},
            {"all of them together, in one OPT", "example.com A +keepalive +nsid +do",
             "REFUSED ra; opt do ede=20 keepalive=100 nsid=6131"},
        });
  server.settings.tcp_idle = 300;
  check(server, {{"keepalive tells the time that is configured", "httpbin.bar.global A +keepalive",
                  kAnswer + "; opt keepalive=300"}});
  server.settings.nsid.clear();
  check(server, {{"NSID is not told where none is configured", "httpbin.bar.global A +nsid", kAnswer + "; opt"}});
}

TEST_CASE("a payload of ours that is configured is announced") {
  Server server = server_with_nsid();
  server.settings.udp_payload = 1400;  // compared for every reply
  CHECK(ask(server, "httpbin.bar.global A +edns") == kAnswer + "; opt");
  CHECK(Reply(server, packet_of("httpbin.bar.global A +edns")).message.payload == 1400);
}

TEST_CASE("the limit of a reply") {
  struct {
    const char* title;
    const char* question;
    bool tcp;
    std::size_t limit;
  } cases[] = {
      {"without EDNS", "a.global A", false, 512},
      {"less than 512 is 512", "a.global A +bufsize=511", false, 512},
      {"nothing is 512", "a.global A +bufsize=0", false, 512},
      {"what the client takes", "a.global A +bufsize=513", false, 513},
      {"what the client takes, up to ours", "a.global A +bufsize=1232", false, 1232},
      {"no more than ours", "a.global A +bufsize=65535", false, 1232},
      {"all that TCP can say", "a.global A", true, 65535},
      {"all that TCP can say, whatever the client takes over UDP", "a.global A +bufsize=512", true, 65535},
  };
  for (const auto& c : cases) {
    CAPTURE(c.title);
    const auto packet = packet_of(c.question);
    dns::Query query;
    REQUIRE(dns::parse_query(packet, query) == dns::Fault::None);
    CHECK(query::reply_limit(query, {}, {.tcp = c.tcp}) == c.limit);
  }
}
