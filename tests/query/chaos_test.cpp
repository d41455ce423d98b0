#include <doctest/doctest.h>

#include "query/ask.hpp"

using namespace meridian;
using namespace meridian::test;

TEST_CASE("class CHAOS tells nothing unless the operator says so") {
  const Server server{zones_from("httpbin.bar A 240.0.0.2")};
  check(server, {
                    {"version.bind", "version.bind TXT CH +edns", "REFUSED ra; opt ede=18"},
                    {"version.server", "version.server TXT CH", "REFUSED ra"},
                    {"hostname.bind", "hostname.bind TXT CH", "REFUSED ra"},
                    {"id.server", "id.server TXT CH", "REFUSED ra"},
                    {"a name of the zone", "httpbin.bar.global A CH", "REFUSED ra"},
                    {"with recursion desired", "version.bind TXT CH +rd", "REFUSED rd ra"},
                });
}

TEST_CASE("class CHAOS tells what the operator says") {
  Server server;
  server.settings.version = "Meridian \"1\"";
  server.settings.hostname = "ns1.example";
  const std::string version = "0 CH TXT \"Meridian \\\"1\\\"\"", hostname = "0 CH TXT \"ns1.example\"";
  check(server, {
                    {"version.bind", "version.bind TXT CH", "NOERROR aa ra; version.bind. " + version},
                    {"version.server", "version.server TXT CH", "NOERROR aa ra; version.server. " + version},
                    {"hostname.bind", "hostname.bind TXT CH", "NOERROR aa ra; hostname.bind. " + hostname},
                    {"id.server", "id.server TXT CH", "NOERROR aa ra; id.server. " + hostname},
                    {"in any case", "VERSION.Bind TXT CH", "NOERROR aa ra; VERSION.Bind. " + version},
                    {"to ANY", "version.bind ANY CH", "NOERROR aa ra; version.bind. " + version},
                    {"no other type", "version.bind A CH", "REFUSED ra"},
                    {"no other name", "authors.bind TXT CH", "REFUSED ra"},
                    {"not id.bind", "id.bind TXT CH", "REFUSED ra"},
                    {"not hostname.server", "hostname.server TXT CH", "REFUSED ra"},
                    {"nothing below", "x.version.bind TXT CH", "REFUSED ra"},
                    {"nothing above", "bind TXT CH", "REFUSED ra"},
                    {"nothing at the root", ". TXT CH", "REFUSED ra"},
                    {"not in class IN", "version.bind TXT +rd", "forward"},
                });
}

TEST_CASE("a text of class CHAOS is one character-string, cut at 255 octets") {
  Server server;
  for (const std::size_t size : {1u, 254u, 255u, 256u, 1000u}) {
    CAPTURE(size);
    server.settings.version = std::string(size, 'v');
    CHECK(ask(server, "version.bind TXT CH") ==
          "NOERROR aa ra; version.bind. 0 CH TXT \"" + std::string(std::min<std::size_t>(size, 255), 'v') + "\"");
  }
}
