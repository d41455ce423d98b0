// Whom we believe to be an upstream over TLS, and what is said about one that we don't.

#include <doctest/doctest.h>
#include <openssl/ssl.h>

#include "support/scripted_upstream.hpp"
#include "upstream/tls_asking.hpp"

using namespace meridian;
using namespace meridian::test;

TEST_CASE_FIXTURE(TlsAsking, "a server that proves who it is is asked") {
  const struct {
    const char* title;
    std::string names;  // of the certificate
    const char* name;   // behind #
    const char* sent;   // as SNI
  } cases[] = {
      {"by the name given", "DNS:dns.test", "dns.test", "dns.test"},
      {"by one name of many", "DNS:a.test,DNS:dns.test,IP:10.0.0.1", "dns.test", "dns.test"},
      {"by a wildcard", "DNS:*.dns.test", "a.dns.test", "a.dns.test"},
      {"by its address where no name is given", "IP:127.0.0.1", "", ""},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      const TlsServer server(authority.issue(c.names), answer_all);
      const auto channel = open(server.endpoint(), c.name);
      CHECK(ask(*channel) == "answered");
      REQUIRE(server.hellos().size() == 1);
      CHECK(server.hellos()[0].server_name == c.sent);
      CHECK(server.hellos()[0].protocol == "dot");
      CHECK(server.hellos()[0].version == "TLSv1.3");
      CHECK(log.text() == "");
    }
  }
}

TEST_CASE_FIXTURE(TlsAsking, "a server that does not prove who it is is not asked, and the reason is told") {
  using std::chrono::hours;
  const Authority stranger;
  const std::string behind = "; write the name that it has behind # of the upstream";
  const struct {
    const char* title;
    Identity identity;
    const char* name;
    std::string why;
  } cases[] = {
      {"another name", authority.issue("DNS:other.test"), "dns.test",
       "hostname mismatch: it is not for dns.test" + behind},
      {"a common name alone", authority.issue(""), "dns.test", "hostname mismatch"},
      {"a name below a wildcard's", authority.issue("DNS:*.dns.test"), "b.a.dns.test", "hostname mismatch"},
      {"a part of a label by a wildcard", authority.issue("DNS:a*.dns.test"), "ab.dns.test", "hostname mismatch"},
      {"another address", authority.issue("IP:127.0.0.2"), "",
       "IP address mismatch: it does not hold this address" + behind},
      {"a name, and no name is given", authority.issue("DNS:dns.test"), "", "IP address mismatch"},
      {"the address as a name", authority.issue("DNS:127.0.0.1"), "", "IP address mismatch"},
      {"expired", authority.issue("DNS:dns.test", hours(-1)), "dns.test",
       "certificate has expired: it must be renewed, or does this machine's clock go wrong?"},
      {"not valid yet", authority.issue("DNS:dns.test", hours(24), hours(1)), "dns.test",
       "certificate is not yet valid: does this machine's clock go right?"},
      {"signed by itself", Authority::self_signed("DNS:dns.test"), "dns.test",
       "self-signed certificate: its authority is not trusted; a private one belongs into forward.tls-ca"},
      {"signed by a stranger", stranger.issue("DNS:dns.test"), "dns.test",
       "unable to get local issuer certificate: its authority is not trusted"},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      const TlsServer server(c.identity, [](TlsServer::Conversation& client) {
        client.query();
        FAIL_CHECK("it was asked");
      });
      const auto channel = open(server.endpoint(), c.name);
      const auto first = send(*channel), second = send(*channel);
      CHECK(run_until([&] { return first->ends == 1 && second->ends == 1; }));
      CHECK(end_of(*first) == "unreachable");
      CHECK(end_of(*second) == "unreachable");
      CAPTURE(log.text());
      CHECK(log.count("its certificate is refused: " + c.why) == 1);
      CHECK(log.count("upstream tls://127.0.0.1:") == 1);
    }
  }
}

TEST_CASE_FIXTURE(TlsAsking, "a certificate that stands in tls-ca itself is believed") {
  const Authority stranger;
  const struct {
    const char* title;
    Identity identity;
  } cases[] = {
      {"signed by itself", Authority::self_signed("DNS:dns.test")},
      {"signed by a stranger", stranger.issue("DNS:dns.test")},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      trust(c.identity.certificate);
      const TlsServer server(c.identity, answer_all);
      CHECK(ask(*open(server.endpoint())) == "answered");
    }
  }
}

TEST_CASE_FIXTURE(TlsAsking, "a server that is none") {
  const auto identity = authority.issue("DNS:dns.test");
  const auto plain = [](TlsServer::Script script) {
    return [script = std::move(script)](TlsServer::Conversation& client) { script(client); };
  };
  TlsServer::Options without_tls;
  without_tls.plain = true;
  SUBCASE("does not listen") {
    CHECK(ask(*open(closed_port())) == "unreachable");
    CHECK(log.count(": connection refused: does it listen for DNS over TLS on this port?") == 1);
    CHECK(counters.upstream_connections.get() == 1);  // tried
  }
  SUBCASE("speaks something else") {
    const TlsServer server(identity, plain([](auto& client) {
                             client.write({'2', '2', '0', ' ', 'h', 'e', 'l', 'l', 'o', '\r', '\n'});
                             client.wait_for_end();
                           }),
                           without_tls);
    CHECK(ask(*open(server.endpoint())) == "unreachable");
    CHECK(log.count(": it does not speak TLS (") == 1);
  }
  SUBCASE("hangs up") {
    const TlsServer server(identity, plain([](auto&) {}), without_tls);
    CHECK(ask(*open(server.endpoint())) == "unreachable");
    CHECK(log.count(": it hung up: does it speak DNS over TLS on this port, and to this client?") == 1);
    CHECK(counters.upstream_connections.get() == 1);
  }
  SUBCASE("is silent") {
    const TlsServer server(identity, plain([](auto& client) { client.wait_for_end(); }), without_tls);
    CHECK(ask(*open(server.endpoint(), "dns.test", std::chrono::milliseconds(100))) == "unreachable");
    CHECK(log.count(": no answer to our TLS handshake: does it speak DNS over TLS on this port?") == 1);
  }
  SUBCASE("is too old") {
    TlsServer::Options old;
    old.newest = TLS1_1_VERSION;
    const TlsServer server(identity, answer_all, old);
    CHECK(ask(*open(server.endpoint())) == "unreachable");
    CHECK(log.count(": it speaks only TLS older than 1.2 (") == 1);
  }
}

TEST_CASE_FIXTURE(TlsAsking, "TLS 1.2 is good enough") {
  TlsServer::Options old;
  old.newest = TLS1_2_VERSION;
  const TlsServer server(authority.issue("DNS:dns.test"), answer_all, old);
  CHECK(ask(*open(server.endpoint())) == "answered");
  CHECK(server.hellos().at(0).version == "TLSv1.2");
}

TEST_CASE_FIXTURE(TlsAsking, "the authorities of tls-ca") {
  const auto refusal = [&](const std::filesystem::path& file) -> std::string {
    config::Forward settings;
    settings.zones = {{"a", {config::Forward::Server({}, "")}}};
    settings.tls_ca = file;
    try {
      tls.trust(settings);
    } catch (const std::runtime_error& e) {
      return e.what();
    }
    return "";
  };
  const auto before = tls.context();
  const auto missing = scratch.path() / "none.pem";
  CHECK(refusal(missing) == "forward.tls-ca: " + missing.string() + " can't be read: No such file or directory");
  for (const char* text : {"", "no PEM\n", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"}) {
    const auto file = scratch.write("bad.pem", text);
    CHECK(refusal(file) ==
          "forward.tls-ca: " + file.string() + ": there is no PEM certificate in it; expected those of authorities");
  }
  CHECK(refusal(scratch.path()) != "");
  CHECK(tls.context() == before);
  CHECK(refusal("") == "");  // those of the system
  CHECK(tls.context() != before);
  tls.trust(config::Forward());
  CHECK(tls.context() == nullptr);  // nobody needs them
}

TEST_CASE("a trouble is told once, whoever has it, until the server is well again") {
  upstream::TlsClient tls;
  CHECK_FALSE(tls.is_news("a", ""));
  for (const bool first : {true, false, false}) {  // two workers in turn
    CHECK(tls.is_news("a", "refused") == first);
    CHECK(tls.is_news("a", "silent") == first);
  }
  CHECK(tls.is_news("b", "refused"));
  CHECK(tls.is_news("a", ""));
  CHECK_FALSE(tls.is_news("a", ""));
  CHECK_FALSE(tls.is_news("b", "refused"));
  CHECK(tls.is_news("a", "refused"));
  std::size_t told = 0;
  for (int i = 0; i < 1000; ++i) told += tls.is_news("c", std::to_string(i));
  CHECK(told == upstream::TlsClient::kMostTroubles);
}

TEST_CASE_FIXTURE(TlsAsking, "those who are trusted change") {
  const Authority other;
  const TlsServer server(other.issue("DNS:dns.test"), answer_all);
  const auto channel = open(server.endpoint());
  CHECK(ask(*channel) == "unreachable");
  trust(other.certificate());
  CHECK(run_until([&] { return ask(*channel) == "answered"; }));
}
