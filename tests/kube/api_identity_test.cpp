// Who we are: tokens, client certificates, exec plugins, the service account; and what happens when they change.
#include <doctest/doctest.h>

#include <boost/json/object.hpp>
#include <filesystem>

#include "asking.hpp"
#include "environment.hpp"
#include "kube/credential_source.hpp"
#include "log_capture.hpp"

namespace meridian::kube {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;
using namespace test;  // NOLINT: the words of asking.hpp

constexpr const char* kConfigMaps = "/api/v1/configmaps";  // not for everybody

TEST_CASE("a token") {
  auto& server = rotating_server();
  asio::io_context loop;
  SUBCASE("that stands in the kubeconfig is sent") {
    Api api(loop, server.settings_of_kind("token"));
    CHECK(ask(loop, api, get(kConfigMaps)).status == 200);
  }
  SUBCASE("that is wrong is refused, which is an answer, after one more try") {
    Api api(loop, server.settings("wrong", {{"token", "wrong"}}));
    CHECK(ask(loop, api, get(kConfigMaps)).status == 401);
    CHECK(requests_of(server, kConfigMaps).size() == 2);
  }
  SUBCASE("that rotates is read at once when the old one is refused") {
    Api api(loop, server.settings_of_kind("token-file"));
    CHECK(ask(loop, api, get(kConfigMaps)).status == 200);
    server.command("rotate_token");
    CHECK(ask(loop, api, get(kConfigMaps)).status == 200);
    server.command("rotate_token");
    CHECK(run(loop, api.open(get(kConfigMaps)))->status() == 200);
    CHECK(requests_of(server, kConfigMaps).size() == 5);
  }
  SUBCASE("whose file is gone stays in use, with a warning") {
    const LogCapture log;
    Api api(loop, server.settings_of_kind("token-file"));
    CHECK(ask(loop, api, get(kConfigMaps)).status == 200);
    std::filesystem::remove(server.token());
    server.command("fault", {{"path", kConfigMaps}, {"status", 401}});
    CHECK(ask(loop, api, get(kConfigMaps)).status == 200);
    CHECK(log.count(server.token().string() + ": there is no such file; what was read before stays in use") == 1);
  }
  SUBCASE("with a line feed is no token") {
    write_file(server.token(), "a\nX-Remote-User: admin\n");
    Api api(loop, server.settings_of_kind("token-file"));
    const auto why = why_not(loop, api, get(kConfigMaps));
    CHECK(contains(why, server.token().string() + ": its token has a character that no token has"));
    CHECK_FALSE(contains(why, "X-Remote"));
  }
  SUBCASE("is missing, and is looked for again") {
    auto settings = server.settings_of_kind("token-file", {{"token_file", (server.directory() / "later").string()}});
    Api api(loop, settings);
    CHECK(contains(why_not(loop, api, get(kConfigMaps)), "later: there is no such file"));
    std::filesystem::copy_file(server.token(), server.directory() / "later");
    CHECK(ask(loop, api, get(kConfigMaps)).status == 200);
  }
}

TEST_CASE("files are read again when they are old") {
  auto& server = rotating_server();
  asio::io_context loop;
  const auto settings = server.settings_of_kind("token-file");
  const auto token_after_change = [&](std::chrono::milliseconds fresh) {
    const auto source =
        std::make_shared<CredentialSource>(loop.get_executor(), settings, std::make_shared<StopList>(), fresh);
    write_file(server.token(), "one");
    CHECK(run(loop, source->get()).token == "one");
    write_file(server.token(), "two\n");
    return run(loop, source->get()).token;
  };
  CHECK(token_after_change(std::chrono::milliseconds(0)) == "two");
  CHECK(token_after_change(std::chrono::hours(1)) == "one");
}

TEST_CASE("a client certificate") {
  auto& server = rotating_server();
  asio::io_context loop;
  SUBCASE("in files is shown") {
    Api api(loop, server.settings_of_kind("client-certificate", {{"user", "ada"}}));
    CHECK(ask(loop, api, get(kConfigMaps)).status == 200);
    CHECK(requests_of(server, kConfigMaps).at(0).at("user") == "ada");
  }
  SUBCASE("in the kubeconfig is shown") {
    Api api(loop, server.settings_of_kind("client-certificate-data", {{"user", "grace"}}));
    CHECK(ask(loop, api, get(kConfigMaps)).status == 200);
    CHECK(requests_of(server, kConfigMaps).at(0).at("user") == "grace");
  }
  SUBCASE("of another CA is refused, and we say that it is ours") {
    const auto settings = server.settings_of_kind("client-certificate");
    server.command("rotate_authority");
    Api api(loop, settings);
    CHECK(contains(why_not(loop, api, get(kConfigMaps)), "it refuses our client certificate"));
  }
  SUBCASE("that is none names its file") {
    const auto file = server.directory() / "me.crt";
    write_file(file, "no PEM");
    Api api(loop, server.settings("me", {{"client-certificate", file.string()}, {"client-key", file.string()}}));
    CHECK(why_not(loop, api, get(kConfigMaps)) ==
          file.string() + ": client-certificate: there is no PEM certificate in it");
  }
  SUBCASE("with a key that is none names that") {
    const auto file = server.directory() / "me.key";
    write_file(file, "no PEM");
    Api api(loop, server.settings("me", {{"client-certificate", server.ca().string()}, {"client-key", file.string()}}));
    CHECK(contains(why_not(loop, api, get(kConfigMaps)),
                   file.string() + ": client-key: there is no unencrypted PEM key"));
  }
}

TEST_CASE("an exec plugin") {
  auto& server = rotating_server();
  asio::io_context loop;
  SUBCASE("gives the token, and another one when that is refused") {
    const auto settings = server.settings_of_kind("exec-plugin");
    Api api(loop, settings);
    CHECK(ask(loop, api, get(kConfigMaps)).status == 200);
    const auto token = std::string(server.command("rotate_token").as_string());
    write_file(settings.kubeconfig.string() + ".credential",
               R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":")" +
                   token + "\"}}");
    CHECK(ask(loop, api, get(kConfigMaps)).status == 200);
    CHECK(ask(loop, api, get(kConfigMaps)).status == 200);
    CHECK(requests_of(server, kConfigMaps).size() == 4);
  }
  SUBCASE("that fails says why") {
    Api api(loop, server.settings_of_kind("exec-plugin", {{"command", "echo log in first >&2; exit 1"}}));
    CHECK(contains(why_not(loop, api, get(kConfigMaps)), "it ended with status 1: log in first"));
  }
}

TEST_CASE("the service account of a pod") {
  auto& server = rotating_server();
  asio::io_context loop;
  const auto directory = std::string(server.command("write_service_account", {{"namespace", "mesh"}}).as_string());
  const Environment host("KUBERNETES_SERVICE_HOST", server.host()),
      port("KUBERNETES_SERVICE_PORT", std::to_string(server.port())), mount("MERIDIAN_SERVICE_ACCOUNT", directory);
  Api api(loop, {});
  SUBCASE("is who we are") {
    CHECK(api.describe() == "service account");
    CHECK(ask(loop, api, get(kConfigMaps)).status == 200);
    CHECK(api.describe() == server.url() + " (service account)");
  }
  SUBCASE("rotates, token and CA") {
    CHECK(ask(loop, api, get(kConfigMaps)).status == 200);
    server.command("rotate_token");
    server.command("rotate_authority");
    server.command("write_service_account", {{"namespace", "mesh"}});
    server.command("reset_connections");
    CHECK(ask(loop, api, get(kConfigMaps)).status == 200);
  }
  SUBCASE("has an IPv6 server, without brackets") {
    const ApiServer six({"--host", "::1"});
    const Environment six_host("KUBERNETES_SERVICE_HOST", "::1"),
        six_port("KUBERNETES_SERVICE_PORT", std::to_string(six.port()));
    const auto six_directory = std::string(six.command("write_service_account").as_string());
    const Environment six_mount("MERIDIAN_SERVICE_ACCOUNT", six_directory);
    CHECK(ask(loop, api, get(kConfigMaps)).status == 200);
  }
}

TEST_CASE("what is no pod says so") {
  const Environment host("KUBERNETES_SERVICE_HOST", "");
  asio::io_context loop;
  Api api(loop, {});
  CHECK(contains(why_not(loop, api, get("/version")), "so this is no pod: give the source a kubeconfig"));
  CHECK(api.describe() == "service account");
}

}  // namespace
}  // namespace meridian::kube
