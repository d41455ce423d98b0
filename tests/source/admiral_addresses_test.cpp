#include "source/admiral_addresses.hpp"

#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>
#include <set>
#include <string>

#include "../kube/api_server.hpp"
#include "../kube/running.hpp"

using namespace meridian;
using namespace meridian::test;
namespace json = boost::json;

namespace {

struct Avoiding {
  ApiServer server;
  boost::asio::io_context loop;
  kube::Api api{loop, server.settings()};
  std::set<mesh::Address> avoided;
  source::AdmiralAddresses addresses{loop, api, {"admiral", "se-address-configmap"}, [this](auto came, auto went) {
                                       for (const auto& each : came) CHECK(avoided.insert(each).second);
                                       for (const auto& each : went) CHECK(avoided.erase(each) == 1);
                                     }};
  ~Avoiding() {
    addresses.stop();
    api.stop();
  }

  void store(const std::string& text, const std::string& name = "se-address-configmap") {
    server.command("put", {{"obj", json::object{{"apiVersion", "v1"},
                                                {"kind", "ConfigMap"},
                                                {"metadata", {{"name", name}, {"namespace", "admiral"}}},
                                                {"data", {{"serviceEntryAddressStore", text}}}}}});
  }
  std::string text() const {
    std::string all;
    for (const auto& each : avoided) all += (all.empty() ? "" : " ") + each.to_string();
    return all;
  }
  void until_text(const std::string& wanted) {
    run_until(loop, [&] { return text() == wanted; });
    REQUIRE(text() == wanted);
    CHECK(addresses.size() == avoided.size());
  }
};

TEST_CASE_FIXTURE(Avoiding, "what Admiral gives away is followed") {
  store("entry-addresses: {West.Stage.Greeting.Global: 240.0.10.1}\naddresses: [240.0.10.1, 240.0.10.2]\n");
  store("addresses: [240.0.99.1]\n", "another");
  addresses.start();
  until_text("240.0.10.1 240.0.10.2");
  CHECK(addresses.listed());
  CHECK(addresses.trouble().empty());
  store("entry-addresses:\n  a.global: 240.0.10.3\naddresses:\n- 240.0.10.1\n- nonsense\n- 7\n");
  until_text("240.0.10.1 240.0.10.3");
  store("entry-addresses: {\n");
  REQUIRE(run_until(loop, [&] { return !addresses.trouble().empty(); }));
  CHECK(addresses.trouble().find("serviceEntryAddressStore can't be read") == 0);
  CHECK(text() == "240.0.10.1 240.0.10.3");
  server.command("remove", {{"kind", "configmaps"}, {"name", "se-address-configmap"}, {"namespace", "admiral"}});
  store("addresses: [240.0.10.4]\n");
  until_text("240.0.10.4");
  CHECK(addresses.trouble().empty());
}

TEST_CASE_FIXTURE(Avoiding, "without the ConfigMap there is nothing to avoid, and a deleted one takes nothing back") {
  addresses.start();
  REQUIRE(run_until(loop, [&] { return addresses.listed(); }));
  CHECK(addresses.size() == 0);
  store("addresses: [240.0.10.1]\n");
  until_text("240.0.10.1");
  server.command("remove", {{"kind", "configmaps"}, {"name", "se-address-configmap"}, {"namespace", "admiral"}});
  store("addresses: [240.0.10.9]\n", "another");
  server.command("end_watches");
  REQUIRE(run_until(loop, [&] { return !server.command("watches").as_array().empty(); }));
  CHECK(text() == "240.0.10.1");
}

TEST_CASE_FIXTURE(Avoiding, "a server that refuses is the trouble") {
  server.command("fault", {{"verb", "list"}, {"status", 403}});
  addresses.start();
  REQUIRE(run_until(loop, [&] { return !addresses.trouble().empty(); }));
  CHECK(addresses.trouble().find("resources: [configmaps]") != std::string::npos);
  REQUIRE(run_until(loop, [&] { return addresses.trouble().empty(); }));
}

}  // namespace
