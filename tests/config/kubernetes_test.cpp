#include <doctest/doctest.h>

#include <string>

#include "config/problems.hpp"

using namespace meridian::config;
using tests::errors;
using namespace std::chrono_literals;

TEST_CASE("a Kubernetes source is read as it is written") {
  const auto loaded = parse(
      "sources:\n  - name: east\n    kubernetes:\n      kubeconfig: /etc/meridian/kubeconfig\n      context: east\n"
      "      namespaces: [shop, bar]\n      label-selector: team=shop,tier in (web, api)\n"
      "      lease: {duration: 30s, renew: 20s, retry: 4s}\n",
      "test.yaml");
  REQUIRE(tests::lines(loaded.errors) == "");
  CHECK(tests::lines(loaded.warnings) == "");
  REQUIRE(loaded.config.sources.size() == 1);
  const auto& source = loaded.config.sources[0];
  CHECK(source.name == "east");
  CHECK(source.files.empty());
  REQUIRE(source.kubernetes);
  CHECK(source.kubernetes->kubeconfig == "/etc/meridian/kubeconfig");
  CHECK(source.kubernetes->context == "east");
  CHECK(source.kubernetes->namespaces == std::vector<std::string>{"shop", "bar"});
  CHECK(source.kubernetes->label_selector == "team=shop,tier in (web, api)");
  CHECK(source.kubernetes->lease == Kubernetes::Lease{30s, 20s, 4s});
}

TEST_CASE("a Kubernetes source has defaults: the service account of the pod, every entry") {
  for (const char* yaml :
       {"sources: [{kubernetes: {}}]\n", "sources:\n  - kubernetes:\n", "sources: [{kubernetes: ~}]\n",
        "sources:\n  - kubernetes: {kubeconfig: '', context: '', namespaces: [], label-selector: '', lease: {}}\n"}) {
    CAPTURE(yaml);
    const auto loaded = parse(yaml, "test.yaml");
    CHECK(tests::lines(loaded.errors) == "");
    REQUIRE(loaded.config.sources.size() == 1);
    CHECK(loaded.config.sources[0] == Source{"kubernetes", {}, Kubernetes{}});
  }
}

TEST_CASE("Kubernetes sources that can't be") {
  const std::string path = "sources[0].kubernetes";
  const std::string space = "; expected a namespace: lower case letters, digits and '-' between them, at most 63";
  const std::string file = "; expected the path of a file, or \"\" for the service account of the pod";
  const tests::Row cases[] = {
      {"a word", "sources: [{kubernetes: east}]\n",
       "1:24: " + path + ": found \"east\"; expected a mapping (key: value)"},
      {"an unknown key", "sources:\n  - kubernetes:\n      labelSelector: a\n",
       "3:7: unknown key \"labelSelector\" in " + path + "; did you mean \"label-selector\"?"},
      {"an unknown key like no other", "sources:\n  - kubernetes: {server: x}\n",
       "2:18: unknown key \"server\" in " + path +
           "; allowed are kubeconfig, context, namespaces, label-selector, lease"},
      {"a kubeconfig that is a list", "sources: [{kubernetes: {kubeconfig: [a]}}]\n",
       "1:37: " + path + ".kubeconfig: found a list" + file},
      {"a kubeconfig without its path", "sources: [{kubernetes: {kubeconfig: }}]\n",
       "1:25: " + path + ".kubeconfig: found nothing" + file},
      {"a kubeconfig with a NUL", "sources: [{kubernetes: {kubeconfig: \"a\\0\"}}]\n",
       "1:37: " + path + ".kubeconfig: found the text \"a\\x00\"" + file},
      {"a context of nothing", "sources:\n  - kubernetes: {context: east}\n",
       "2:27: " + path + ".context: \"east\" is a context of no kubeconfig; expected kubeconfig: and its path, too"},
      {"a context of a kubeconfig that is wrong", "sources:\n  - kubernetes: {context: east, kubeconfig: []}\n",
       "2:45: " + path + ".kubeconfig: found a list" + file},
      {"a context that is a mapping", "sources:\n  - kubernetes: {context: {}}\n",
       "2:27: " + path +
           ".context: found a mapping; expected the name of a context in the kubeconfig, or \"\" for its current one"},
      {"one namespace", "sources: [{kubernetes: {namespaces: shop}}]\n",
       "1:37: " + path + ".namespaces: found \"shop\"; expected a list: [\"shop\"]"},
      {"namespaces that can't be", "sources:\n  - kubernetes:\n      namespaces: [Shop, a.b, '', '*']\n",
       "3:20: " + path + ".namespaces[0]: found \"Shop\"" + space + "\n3:26: " + path +
           ".namespaces[1]: found \"a.b\"" + space + "\n3:31: " + path + ".namespaces[2]: found the text \"\"" + space +
           "\n3:35: " + path + ".namespaces[3]: found the text \"*\"" + space},
      {"a namespace twice", "sources:\n  - kubernetes:\n      namespaces: [a, Q, b, a]\n",
       "3:23: " + path + ".namespaces[1]: found \"Q\"" + space + "\n3:29: " + path +
           ".namespaces: a is here twice; expected each namespace once"},
      {"a selector that is a mapping", "sources:\n  - kubernetes:\n      label-selector: {app: web}\n",
       "3:23: " + path +
           ".label-selector: found a mapping; expected a label selector such as team=shop,tier in (web, "
           "api),!internal"},
      {"a selector that is wrong", "sources:\n  - kubernetes:\n      label-selector: app=web tier\n",
       "3:23: " + path + ".label-selector: has \"tier\" at character 9; expected a comma or the end"},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      CHECK(errors(c.yaml) == c.errors);
    }
  }
}

TEST_CASE("the times of a Lease follow each other") {
  const std::string path = "sources[0].kubernetes.lease";
  const std::string form = "; expected a duration in whole seconds such as 30s, 5m or 1h, from 1s to 24h";
  const auto not_below = [&](const std::string& at, const std::string& renew, const std::string& duration) {
    return at + ": " + path + ".renew: " + renew + " is not below " + path + ".duration, " + duration +
           "; expected less, so that a replica stops writing before another one begins";
  };
  const auto too_long = [&](const std::string& at, const std::string& retry, const std::string& renew) {
    return at + ": " + path + ".retry: " + retry + " is too long for " + path + ".renew, " + renew +
           "; expected renew to be more than 1.2 times retry, so that one failure is not the end";
  };
  const struct {
    const char* title;
    const char* lease;
    std::string errors;
  } cases[] = {
      {"the shortest", "{duration: 3s, renew: 2s, retry: 1s}", ""},
      {"the longest", "{duration: 24h, renew: 86399s, retry: 71999s}", ""},
      {"just enough", "{renew: 7s, retry: 5s, duration: 8s}", ""},
      {"renew is as long as duration", "{duration: 10s}", not_below("1:43", "10s", "10s")},
      {"renew is longer than duration", "{renew: 1m, duration: 30s}", not_below("1:40", "1m", "30s")},
      {"renew is longer than the default", "{renew: 15s}", not_below("1:40", "15s", "15s")},
      {"retry is as long as renew", "{retry: 10s}", too_long("1:40", "10s", "10s")},
      {"retry is longer than renew", "{renew: 1s}", too_long("1:40", "2s", "1s")},
      {"renew is 1.2 times retry, and no more", "{retry: 5s, renew: 6s}", too_long("1:40", "5s", "6s")},
      {"both", "{duration: 2s, renew: 2s, retry: 2s}",
       not_below("1:54", "2s", "2s") + "\n" + too_long("1:65", "2s", "2s")},
      {"half a second", "{retry: 1500ms}", "1:40: " + path + ".retry: found \"1500ms\"" + form},
      {"none", "{renew: 0s}", "1:40: " + path + ".renew: found \"0s\"" + form},
      {"days", "{duration: 25h}", "1:43: " + path + ".duration: found \"25h\"" + form},
      {"a number without its unit, and nothing about the others", "{duration: 5}",
       "1:43: " + path + ".duration: found \"5\"" + form},
      {"an unknown key", "{renew-deadline: 5s}",
       "1:33: unknown key \"renew-deadline\" in " + path + "; allowed are duration, renew, retry"},
      {"client-go's own word", "{retryPeriod: 5s}",
       "1:33: unknown key \"retryPeriod\" in " + path + "; allowed are duration, renew, retry"},
      {"a slip of the pen", "{durations: 5s}",
       "1:33: unknown key \"durations\" in " + path + "; did you mean \"duration\"?"},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      CHECK(errors("sources: [{kubernetes: {lease: " + std::string(c.lease) + "}}]\n") == c.errors);
    }
  }
}
