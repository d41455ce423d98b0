#include "kube/credentials.hpp"

#include <doctest/doctest.h>

#include <stdexcept>

#include "kube/base64.hpp"

namespace meridian::kube {
namespace {

TEST_CASE("a server's URL") {
  const struct {
    const char* text;
    ServerUrl url;
    const char* again;
  } cases[] = {
      {"https://api.example.com", {"api.example.com", 443, ""}, "https://api.example.com:443"},
      {"https://10.96.0.1:6443", {"10.96.0.1", 6443, ""}, "https://10.96.0.1:6443"},
      {"https://[fd00::1]", {"fd00::1", 443, ""}, "https://[fd00::1]:443"},
      {"https://[::1]:6443/", {"::1", 6443, ""}, "https://[::1]:6443"},
      {"https://rancher/k8s/clusters/c-1",
       {"rancher", 443, "/k8s/clusters/c-1"},
       "https://rancher:443/k8s/clusters/c-1"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.text);
    CHECK(parse_server_url(c.text) == c.url);
    CHECK(parse_server_url(c.text).to_text() == c.again);
  }
}

TEST_CASE("what is no server's URL") {
  for (const char* text :
       {"", "a", "http://a", "https://", "https://:1", "https://a:", "https://a:0", "https://a:65536", "https://a:1x",
        "https://[::1", "https://[a]", "https://[::1]x", "https://u@a", "https://a b", "https://a/x?y", "https://a#x",
        "https://a/ x", "https://a\r\nX: y"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(parse_server_url(text), std::invalid_argument);
  }
}

TEST_CASE("a proxy's URL") {
  CHECK(parse_proxy_url("http://proxy") == Proxy{"proxy", 80, ""});
  CHECK(parse_proxy_url("http://[::1]:3128/") == Proxy{"::1", 3128, ""});
  CHECK(parse_proxy_url("http://me:a%3ab@proxy:8080") == Proxy{"proxy", 8080, "me:a:b"});
  for (const char* text : {"", "proxy:3128", "https://proxy", "socks5://proxy", "http://", "http://proxy/path"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(parse_proxy_url(text), std::invalid_argument);
  }
}

TEST_CASE("base64 (RFC 4648, 10)") {
  const std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"},
                                                         {"\xff\xfe\xfd", "//79"}};
  for (const auto& [octets, text] : vectors) {
    CHECK(encode_base64(octets) == text);
    CHECK(decode_base64(text) == std::string(octets));
  }
  CHECK(decode_base64("Zm9v\n  YmFy\n") == "foobar");
  for (const char* text : {"Z", "Zg", "Zg=", "Zg==Zg==", "=Zg=", "Z===", "====", "Zm9v!", "Zm9_"}) {
    CAPTURE(text);
    CHECK_FALSE(decode_base64(text).has_value());
  }
}

}  // namespace
}  // namespace meridian::kube
