// An API server behind a proxy (proxy-url).
#include <doctest/doctest.h>

#include <boost/json/object.hpp>

#include "asking.hpp"
#include "cluster.hpp"
#include "connect_proxy.hpp"

namespace meridian::kube {
namespace {

namespace asio = boost::asio;
using namespace test;  // NOLINT: the words of asking.hpp

TEST_CASE("an API server behind a proxy") {
  auto& server = fresh_cluster();
  asio::io_context loop;
  const auto authority = server.url().substr(8);
  const auto through = [&](const std::string& url) { return server.settings_of_kind("proxy", {{"url", url}}); };
  SUBCASE("is reached by CONNECT, without a word of ours to the proxy") {
    const ConnectProxy proxy(loop);
    Api api(loop, through(proxy.url()));
    CHECK(ask(loop, api, get("/version")).status == 200);
    CHECK(ask(loop, api, get("/version")).status == 200);
    REQUIRE(proxy.heads().size() == 1);  // the connection is kept
    CHECK(proxy.heads()[0] == "CONNECT " + authority + " HTTP/1.1\r\nHost: " + authority +
                                  "\r\nUser-Agent: meridian/" MERIDIAN_VERSION "\r\n\r\n");
  }
  SUBCASE("is reached with user and password") {
    const ConnectProxy proxy(loop);
    Api api(loop, through(proxy.url("me:p%40ss")));
    CHECK(ask(loop, api, get("/version")).status == 200);
    CHECK(contains(proxy.heads().at(0), "\r\nProxy-Authorization: Basic bWU6cEBzcw==\r\n"));
  }
  SUBCASE("is still verified") {
    const ConnectProxy proxy(loop);
    Api api(loop,
            server.settings("proxied", {{"token", "x"}}, {{"proxy-url", proxy.url()}, {"tls-server-name", "other"}}));
    CHECK(contains(why_not(loop, api, get("/version")), "its certificate is not for other"));
  }
  const struct {
    const char* title;
    const char* answer;
    const char* why;
  } refusals[] = {
      {"is not let to", "HTTP/1.1 403 Forbidden\r\n\r\n", "it said 403: does it allow CONNECT to 127.0.0.1:"},
      {"wants a password first", "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n",
       "it said 407: give user and password in proxy-url"},
      {"has a proxy that is none", "220 smtp.example ESMTP\r\n\r\n", "bad version"},
  };
  for (const auto& c : refusals) {
    SUBCASE(c.title) {
      const ConnectProxy proxy(loop, c.answer);
      Api api(loop, through(proxy.url()));
      const auto why = why_not(loop, api, get("/version"));
      CAPTURE(why);
      CHECK(contains(why, server.url()));
      CHECK(contains(why, "asking the proxy " + proxy.authority()));
      CHECK(contains(why, c.why));
    }
  }
  SUBCASE("has a proxy that is not there") {
    asio::ip::tcp::acceptor closed(loop, {asio::ip::make_address("127.0.0.1"), 0});
    const auto nobody = "127.0.0.1:" + std::to_string(closed.local_endpoint().port());
    closed.close();
    Api api(loop, through("http://" + nobody));
    CHECK(contains(why_not(loop, api, get("/version")), "connecting to the proxy " + nobody + ": connection refused"));
  }
}

}  // namespace
}  // namespace meridian::kube
