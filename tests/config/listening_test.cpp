#include <doctest/doctest.h>

#include <string>

#include "config/problems.hpp"

using namespace meridian::config;
using tests::errors;
using namespace std::chrono_literals;

TEST_CASE("listening is read as it is written") {
  const auto loaded = parse(
      "listen: [10.0.0.1, \"[fd00::1]:5353\", \"127.0.0.1:0\", \"127.0.0.1:0\"]\nworkers: 3\n"
      "advertise: [192.0.2.1, \"2001:db8::1\"]\nlameduck: 0s\nadmin: {listen: \"[::1]:80\", token-file: /run/token}\n",
      "test.yaml");
  REQUIRE(tests::lines(loaded.errors) == "");
  const auto& config = loaded.config;
  REQUIRE(config.listen.size() == 4);
  CHECK(config.listen[0].to_text() == "10.0.0.1:53");
  CHECK(config.listen[1].to_text() == "[fd00::1]:5353");
  CHECK(config.listen[2].to_text() == "127.0.0.1:0");
  CHECK(config.workers == 3);
  REQUIRE(config.advertise.size() == 2);
  CHECK(config.advertise[0].to_string() == "192.0.2.1");
  CHECK(config.advertise[1].to_string() == "2001:db8::1");
  CHECK(config.lameduck == 0s);
  CHECK(config.admin.listen == "[::1]:80");
  CHECK(config.admin.token_file == "/run/token");
}

TEST_CASE("the admin server is switched off by an empty address") {
  const auto loaded = parse("admin: {listen: ''}\n", "test.yaml");
  CHECK(tests::lines(loaded.errors) == "");
  CHECK(loaded.config.admin.listen.empty());
}

TEST_CASE("listening that can't be") {
  const std::string address = "; expected an address such as 10.0.0.1, 127.0.0.1:53 or \"[::1]:53\"";
  const std::string told = "; expected an address such as 10.0.0.1 or fd00::1, without a port";
  const std::string admin =
      "; expected an address and a port such as 127.0.0.1:9253 or \"[::1]:9253\", or \"\" to switch it off";
  const tests::Row cases[] = {
      {"nowhere", "listen: []\n", "1:9: listen: is empty; expected at least one address"},
      {"at a name", "listen: [localhost]\n", "1:10: listen[0]: found \"localhost\"" + address},
      {"at a port alone", "listen: [53]\n", "1:10: listen[0]: found \"53\"" + address},
      {"twice", "listen:\n  - 127.0.0.1\n  - 127.0.0.1:53\n",
       "3:5: listen: 127.0.0.1:53 is here twice; expected each address once"},
      {"too many workers", "workers: 1025\n", "1:10: workers: found \"1025\"; expected a whole number from 0 to 1024"},
      {"fewer workers than none", "workers: -1\n",
       "1:10: workers: found \"-1\"; expected a whole number from 0 to 1024"},
      {"advertising a port", "advertise: ['192.0.2.1:53']\n",
       "1:13: advertise[0]: found the text \"192.0.2.1:53\"" + told},
      {"advertising a name", "advertise: [ns.example]\n", "1:13: advertise[0]: found \"ns.example\"" + told},
      {"advertising every address", "advertise: [0.0.0.0]\n", "1:13: advertise[0]: found \"0.0.0.0\"" + told},
      {"advertising a group", "advertise: [224.0.0.251]\n", "1:13: advertise[0]: found \"224.0.0.251\"" + told},
      {"a lameduck for days", "lameduck: 48h\n",
       "1:11: lameduck: found \"48h\"; expected a duration in whole seconds such as 30s, 5m or 1h, from 0s to 1h"},
      {"an admin server without a port", "admin: {listen: 127.0.0.1}\n",
       "1:17: admin.listen: found \"127.0.0.1\"" + admin},
      {"an admin server where DNS is", "listen: ['127.0.0.1:5300']\nadmin: {listen: '127.0.0.1:5300'}\n",
       "2:17: admin.listen: 127.0.0.1:5300 collides with 127.0.0.1:5300 of listen; expected another port"},
      {"DNS where the admin server is", "listen: ['0.0.0.0:9253']\n",
       "1:10: admin.listen: 127.0.0.1:9253 collides with 0.0.0.0:9253 of listen; expected another port"},
      {"an admin server of the other family", "listen: ['[::]:9253']\n", ""},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      CHECK(errors(c.yaml) == c.errors);
    }
  }
}

TEST_CASE("we are not our own upstream") {
  const tests::Row cases[] = {
      {"the same address and port", "listen: [10.0.0.1]\nforward: {upstreams: [10.0.0.1]}\n",
       "2:23: forward.upstreams: 10.0.0.1:53 is ourselves (listen has 10.0.0.1:53); expected another server"},
      {"the default address", "forward: {upstreams: [10.0.0.1, 127.0.0.1]}\n",
       "1:33: forward.upstreams: 127.0.0.1:53 is ourselves (listen has 127.0.0.1:53); expected another server"},
      {"another port", "listen: ['10.0.0.1:54']\nforward: {upstreams: [10.0.0.1]}\n", ""},
      {"another address", "listen: [127.0.0.1]\nforward: {upstreams: [127.0.0.53]}\n", ""},
      {"loopback, listening everywhere", "listen: [0.0.0.0]\nforward: {upstreams: [127.0.0.53]}\n",
       "2:23: forward.upstreams: 127.0.0.53:53 is ourselves (listen has 0.0.0.0:53); expected another server"},
      {"loopback over v6", "listen: ['::']\nforward: {upstreams: ['::1']}\n",
       "2:23: forward.upstreams: [::1]:53 is ourselves (listen has [::]:53); expected another server"},
      {"loopback of the other family", "listen: ['::']\nforward: {upstreams: [127.0.0.1]}\n", ""},
      {"somebody else, listening everywhere", "listen: [0.0.0.0]\nforward: {upstreams: [10.0.0.1]}\n", ""},
      {"an address that we advertise", "listen: [0.0.0.0]\nadvertise: [192.0.2.1]\nforward: {upstreams: [192.0.2.1]}\n",
       "3:23: forward.upstreams: 192.0.2.1:53 is ourselves (listen has 0.0.0.0:53); expected another server"},
      {"a port that the kernel chooses", "listen: ['127.0.0.1:0']\nforward: {upstreams: [127.0.0.1]}\n", ""},
      {"as mapped v4", "listen: [10.0.0.1]\nforward: {upstreams: ['::ffff:10.0.0.1']}\n",
       "2:23: forward.upstreams: 10.0.0.1:53 is ourselves (listen has 10.0.0.1:53); expected another server"},
      {"for one zone", "forward:\n  zones:\n    A.b: ['::1']\n",
       "3:11: forward.zones.a.b: [::1]:53 is ourselves (listen has [::1]:53); expected another server"},
      {"after one that is wrong", "forward: {upstreams: [x/, y, '::1']}\n",
       "1:27: forward.upstreams[1]: found \"y\"; expected an address such as 10.96.0.10 or \"[fd00::10]:5353\", tls:// "
       "and an address such as tls://9.9.9.9#dns.quad9.net, or the path of a file in resolv.conf's form (with a slash "
       "in it)\n"
       "1:30: forward.upstreams: [::1]:53 is ourselves (listen has [::1]:53); expected another server"},
      {"when it is not known where we listen", "listen: [a]\nforward: {upstreams: [127.0.0.1]}\n",
       "1:10: listen[0]: found \"a\"; expected an address such as 10.0.0.1, 127.0.0.1:53 or \"[::1]:53\""},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      CHECK(errors(c.yaml) == c.errors);
    }
  }
}
