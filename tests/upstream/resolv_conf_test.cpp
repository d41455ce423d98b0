#include "upstream/resolv_conf.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace meridian;

namespace {

std::string servers(std::string_view text) {
  std::string all;
  for (const auto& server : upstream::parse_resolv_conf(text).servers)
    all += (all.empty() ? "" : " ") + server.to_text();
  return all;
}

std::string options(std::string_view text) {
  const auto conf = upstream::parse_resolv_conf(text);
  std::string all;
  if (conf.timeout) all += "timeout " + std::to_string(conf.timeout->count()) + " ";
  if (conf.attempts) all += "attempts " + std::to_string(*conf.attempts) + " ";
  if (conf.rotate) all += "rotate ";
  return all;
}

}  // namespace

TEST_CASE("nameservers of a resolv.conf") {
  const struct {
    const char* title;
    const char* text;
    const char* expected;
  } cases[] = {
      {"an empty file has none", "", ""},
      {"one", "nameserver 10.96.0.10\n", "10.96.0.10:53"},
      {"their order is kept", "nameserver 10.0.0.2\nnameserver 10.0.0.1\n", "10.0.0.2:53 10.0.0.1:53"},
      {"more than three count", "nameserver 10.0.0.1\nnameserver 10.0.0.2\nnameserver 10.0.0.3\nnameserver 10.0.0.4\n",
       "10.0.0.1:53 10.0.0.2:53 10.0.0.3:53 10.0.0.4:53"},
      {"duplicates count once", "nameserver 10.0.0.1\nnameserver 10.0.0.2\nnameserver 10.0.0.1\n",
       "10.0.0.1:53 10.0.0.2:53"},
      {"IPv6", "nameserver 2001:db8::53\n", "[2001:db8::53]:53"},
      {"a scoped address keeps its scope", "nameserver fe80::1%lo\n", "[fe80::1%lo]:53"},
      {"other lines are ignored", "search a.test b.test\noptions ndots:5\nnameserver 10.0.0.1\nsortlist 1.2.3.4\n",
       "10.0.0.1:53"},
      {"comments are ignored", "# nameserver 10.0.0.1\n; nameserver 10.0.0.2\n#\n", ""},
      {"what stands behind the address is ignored", "nameserver 10.0.0.1 # first\n", "10.0.0.1:53"},
      {"tabs and several blanks", "nameserver\t \t10.0.0.1\t\n", "10.0.0.1:53"},
      {"the last line without its end", "nameserver 10.0.0.1", "10.0.0.1:53"},
      {"lines that end like DOS'", "nameserver 10.0.0.1\r\nnameserver 10.0.0.2\r\n", "10.0.0.1:53 10.0.0.2:53"},
      {"the keyword starts the line", "  nameserver 10.0.0.1\n", ""},
      {"a longer keyword is another one", "nameservers 10.0.0.1\n", ""},
      {"no address", "nameserver\nnameserver \nnameserver example.test\nnameserver 10.0.0.256\n", ""},
  };
  for (const auto& c : cases) SUBCASE(c.title) CHECK(servers(c.text) == c.expected);
}

TEST_CASE("options of a resolv.conf") {
  const struct {
    const char* title;
    const char* text;
    const char* expected;
  } cases[] = {
      {"none are the default", "nameserver 10.0.0.1\n", ""},
      {"all on one line", "options timeout:2 attempts:4 rotate\n", "timeout 2 attempts 4 rotate "},
      {"among others", "options ndots:5\tedns0 rotate  trust-ad attempts:1\n", "attempts 1 rotate "},
      {"on several lines", "options rotate\noptions timeout:1\noptions attempts:2", "timeout 1 attempts 2 rotate "},
      {"the last one counts", "options timeout:1 timeout:9\noptions timeout:3\n", "timeout 3 "},
      {"larger ones are cut as glibc does", "options timeout:31 attempts:6\n", "timeout 30 attempts 5 "},
      {"far larger ones too", "options timeout:99999999999 attempts:99999999999\n", "timeout 30 attempts 5 "},
      {"zero would be never", "options timeout:0 attempts:0\n", "timeout 1 attempts 1 "},
      {"what is no number is ignored", "options timeout: attempts:x timeout:-1 attempts:2x timeout\n", ""},
      {"a longer word is another one", "options rotates xtimeout:3 timeouts:3 no-rotate\n", ""},
      {"comments are ignored", "# options rotate\n;options rotate\n", ""},
      {"the keyword starts the line", " options rotate\n", ""},
      {"a keyword alone", "options\noptions \n", ""},
  };
  for (const auto& c : cases) SUBCASE(c.title) CHECK(options(c.text) == c.expected);
}

TEST_CASE("what is no readable file has no nameservers") {
  for (const char* path : {"/nonexistent/resolv.conf", "/", "/dev/null", "/dev/zero"}) {
    CAPTURE(path);
    CHECK(upstream::read_resolv_conf(path).servers.empty());
  }
}
