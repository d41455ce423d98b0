// Whom we believe to be the API server, and what is said about one that we don't.
#include <doctest/doctest.h>

#include <boost/json/object.hpp>

#include "asking.hpp"
#include "cluster.hpp"
#include "log_capture.hpp"

namespace meridian::kube {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;
using namespace test;  // NOLINT: the words of asking.hpp

TEST_CASE("a server with a certificate of the cluster's CA") {
  auto& server = rotating_server();
  asio::io_context loop;
  SUBCASE("is believed, the CA being a file") {
    Api api(loop, server.settings_of_kind("token"));
    CHECK(ask(loop, api, get("/version")).status == 200);
    CHECK(requests_of(server, "/version").at(0).at("server_name") == "");  // no SNI for an address (RFC 6066, 3)
  }
  SUBCASE("is believed, the CA being data") {
    Api api(loop, server.settings_of_kind("authority-data"));
    CHECK(ask(loop, api, get("/version")).status == 200);
  }
  SUBCASE("is believed by its name, whatever address it has") {
    const auto url = "https://localhost:" + std::to_string(server.port());
    Api api(loop, server.settings("by-name", {{"token", "x"}}, {{"server", url}}));
    CHECK(ask(loop, api, get("/version")).status == 401);
    CHECK(requests_of(server, "/version").at(0).at("server_name") == "localhost");
  }
  SUBCASE("is believed when its certificate is all that is trusted") {
    auto& other = fresh_cluster();
    const auto own = (other.directory() / "ca" / "server-1.crt").string();
    Api api(loop, other.settings("pinned", {{"token", "x"}}, {{"certificate-authority", own}}));
    CHECK(ask(loop, api, get("/version")).status == 401);
  }
  SUBCASE("is not believed by the CAs of the system") {
    Api api(loop, server.settings("system", {{"token", "x"}}, {{"certificate-authority", nullptr}}));
    const auto why = why_not(loop, api, get("/version"));
    CHECK(contains(why, server.url()));
    CHECK(contains(why,
                   "TLS handshake: its certificate is signed by an authority that is not trusted: the one of the "
                   "cluster belongs into certificate-authority"));
    CHECK(requests_of(server, "").empty());
  }
}

TEST_CASE("a server whose certificate is wrong") {
  auto& server = rotating_server();
  asio::io_context loop;
  Api api(loop, server.settings_of_kind("token"));
  SUBCASE("has another name") {
    server.command("serve_certificate", {{"names", json::array{"other.example"}}});
    CHECK(contains(why_not(loop, api, get("/version")),
                   "its certificate is not for 127.0.0.1: use a name that it has, or set tls-server-name"));
    const auto named = [&](const char* name) {
      return server.settings(name, {{"token", "x"}}, {{"tls-server-name", name}});
    };
    Api other(loop, named("other.example"));
    CHECK(ask(loop, other, get("/version")).status == 401);
    CHECK(requests_of(server, "/version").at(0).at("server_name") == "other.example");
    Api another(loop, named("another.example"));
    CHECK(contains(why_not(loop, another, get("/version")), "its certificate is not for another.example"));
  }
  SUBCASE("has a name like it") {
    server.command("serve_certificate", {{"names", json::array{"127.0.0.2", "*.0.0.1", "127.0.0.1.example"}}});
    CHECK(contains(why_not(loop, api, get("/version")), "its certificate is not for 127.0.0.1"));
  }
  SUBCASE("has expired") {
    server.command("serve_certificate", {{"days", -1}});
    CHECK(contains(why_not(loop, api, get("/version")), "its certificate has expired: renew it"));
  }
  SUBCASE("is of another CA") {
    server.command("rotate_authority", {{"trust", false}});
    CHECK(contains(why_not(loop, api, get("/version")),
                   "signed by an authority that is not trusted: the one of the "
                   "cluster belongs into " +
                       server.ca().string()));
  }
}

TEST_CASE("insecure-skip-tls-verify believes anybody, and says so, once") {
  auto& server = rotating_server();
  server.command("serve_certificate", {{"names", json::array{"other.example"}}, {"days", -1}});
  const LogCapture log;
  asio::io_context loop;
  Api api(loop, server.settings_of_kind("insecure"));
  CHECK(ask(loop, api, get("/version")).status == 200);
  CHECK(ask(loop, api, get("/version")).status == 200);
  CHECK(log.count("insecure-skip-tls-verify is set: ANYBODY") == 1);
}

TEST_CASE("the CA is replaced") {
  auto& server = rotating_server();
  asio::io_context loop;
  Api api(loop, server.settings_of_kind("token"));
  CHECK(ask(loop, api, get("/version")).status == 200);
  SUBCASE("and connections that there are go on, and new ones are made with the new one") {
    server.command("rotate_authority");
    CHECK(ask(loop, api, get("/version")).status == 200);
    const auto old_one = requests_of(server, "/version").at(1).at("connection");
    CHECK(old_one == requests_of(server, "/version").at(0).at("connection"));
    server.command("reset_connections");
    CHECK(ask(loop, api, get("/version")).status == 200);
    CHECK(requests_of(server, "/version").at(2).at("connection") != old_one);
  }
  SUBCASE("by something that is none, and the old one stays in use") {
    const LogCapture log;
    server.command("rotate_authority", {{"trust", false}});
    write_file(server.ca(), "-----BEGIN CERTIF");
    server.command("reset_connections");
    CHECK(contains(why_not(loop, api, get("/version")), "signed by an authority that is not trusted"));
    CHECK(log.count("certificate-authority: there is no PEM certificate in it; what was read before stays in use") ==
          1);
  }
}

TEST_CASE("a server that is none") {
  auto& server = rotating_server();
  asio::io_context loop;
  const auto at = [&](const std::string& url) { return server.settings("other", {{"token", "x"}}, {{"server", url}}); };
  SUBCASE("does not listen") {
    server.command("stop");
    Api api(loop, server.settings_of_kind("token"));
    CHECK(contains(why_not(loop, api, get("/version")), "connecting: connection refused: is it running"));
    server.command("start");
    CHECK(ask(loop, api, get("/version")).status == 200);
  }
  SUBCASE("has no name in the DNS") {
    Api api(loop, at("https://no-such-host.invalid:6443"));
    CHECK(contains(why_not(loop, api, get("/version")), "https://no-such-host.invalid:6443 (context test of "));
  }
  SUBCASE("does not speak TLS") {
    const auto control = server.control();
    Api api(loop, at("https" + control.substr(4)));
    CHECK(contains(why_not(loop, api, within(std::chrono::seconds(1), get("/version"))), "TLS handshake: "));
  }
}

TEST_CASE("a server with an IPv6 address") {
  const ApiServer server({"--host", "::1"});
  asio::io_context loop;
  Api api(loop, server.settings_of_kind("token"));
  CHECK(ask(loop, api, get("/version")).status == 200);
  CHECK(contains(api.describe(), "https://[::1]:"));
  const auto authority = "[::1]:" + std::to_string(server.port());
  CHECK(requests_of(server, "/version").at(0).at("headers").at("host").as_string() == authority);
}

}  // namespace
}  // namespace meridian::kube
