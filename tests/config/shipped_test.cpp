// The files of conf/ are right, and say what the program does.

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <meridian/config/config.hpp>

namespace config = meridian::config;

static config::Loaded shipped(const char* file) {
  auto loaded = config::load(std::filesystem::path(MERIDIAN_CONF) / file);
  for (const auto& problem : loaded.errors) MESSAGE(problem.to_text());
  for (const auto& problem : loaded.warnings) MESSAGE(problem.to_text());
  CHECK(loaded.errors.empty());
  CHECK(loaded.warnings.empty());
  return loaded;
}

TEST_CASE("meridian.yaml shows every default") {
  CHECK(shipped("meridian.yaml").config == config::Config{});
}

TEST_CASE("meridian.yaml shows a Kubernetes source with every default, in comments") {
  std::ifstream in(std::filesystem::path(MERIDIAN_CONF) / "meridian.yaml");
  std::string text;
  bool in_sources = false;
  for (std::string line; std::getline(in, line); text += line + "\n") {
    if (!line.starts_with(' ')) in_sources = line.starts_with("sources:");
    if (in_sources && line.starts_with("  # ")) line.replace(2, 2, "");
  }
  const auto loaded = config::parse(text, "meridian.yaml");
  for (const auto& problem : loaded.errors) MESSAGE(problem.to_text());
  REQUIRE(loaded.errors.empty());
  REQUIRE(loaded.config.sources.size() == 2);
  CHECK(loaded.config.sources[1] == config::Source{"kubernetes", {}, config::Kubernetes{}});
  for (const char* key : {"kubeconfig", "context", "namespaces", "label-selector", "duration", "renew", "retry"})
    CHECK_MESSAGE(text.find("  " + std::string(key) + ": ") != text.npos, key);
}

TEST_CASE("kubernetes.yaml is for replicas in a cluster that share a ledger and write VIPs back") {
  const auto config = shipped("kubernetes.yaml").config;
  CHECK(config.sources == std::vector{config::Source{"kubernetes", {}, config::Kubernetes{}}});
  CHECK(config.vip.ledger == config::KubernetesLedger{"kubernetes", "istio-system", "meridian"});
  CHECK(config.vip.write_back == config::Vip::WriteBack::Spec);
}

TEST_CASE("minimal.yaml changes the listening address and nothing else") {
  auto expected = config::Config{};
  expected.listen = {{boost::asio::ip::make_address("127.0.0.60"), 53}};
  CHECK(shipped("minimal.yaml").config == expected);
}

TEST_CASE("example.yaml serves the examples without root") {
  const auto config = shipped("example.yaml").config;
  REQUIRE(config.listen.size() == 1);
  CHECK(config.listen[0].to_text() == "127.0.0.1:5300");
  CHECK(config.admin.listen == "127.0.0.1:9253");
  REQUIRE(config.sources.size() == 1);
  CHECK(config.sources[0].files == "conf/examples");
  CHECK(config.sources[0].name == "files");
  CHECK(config.state == "build/state");
}
