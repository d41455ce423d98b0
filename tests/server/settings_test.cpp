#include "server/settings.hpp"

#include <doctest/doctest.h>

using namespace meridian;

TEST_CASE("settings take from the configuration what an answer depends on") {
  config::Config config;
  config.identity = {"Meridian", "host", "id"};
  config.limits.tcp_idle = std::chrono::seconds{10};
  const auto settings = server::make_settings(config);
  CHECK(settings->query.udp_payload == 1232);
  CHECK(settings->query.tcp_idle == 100);  // in units of 100 ms
  CHECK(settings->query.version == "Meridian");
  CHECK(settings->query.hostname == "host");
  CHECK(settings->query.nsid == "id");
  CHECK(settings->query.forwarding);
}

TEST_CASE("forwarding is on") {
  config::Config config;
  config.forward.upstreams.clear();
  SUBCASE("not without any upstream") {
    CHECK_FALSE(server::make_settings(config)->query.forwarding);
  }
  SUBCASE("with an upstream for one zone only") {
    config.forward.zones.push_back({"cluster.local", {config::Endpoint{}}});
    CHECK(server::make_settings(config)->query.forwarding);
  }
}

TEST_CASE("values out of what a message can say are cut") {
  config::Config config;
  config.limits.udp_payload = 65535;
  config.limits.tcp_idle = std::chrono::hours{24};
  const auto settings = server::make_settings(config);
  CHECK(settings->query.udp_payload == 4096);
  CHECK(settings->query.tcp_idle == 65535);
}
