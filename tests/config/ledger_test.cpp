#include <doctest/doctest.h>

#include <string>

#include "config/problems.hpp"

using namespace meridian::config;
using tests::errors;

static const std::string kCluster = "sources: [{kubernetes: {}}]\n";
static const std::string kMany = "sources: [{kubernetes: {}}, {files: a}, {kubernetes: {}, name: west}]\n";

static Vip vip(const std::string& yaml) {
  const auto loaded = parse(yaml, "test.yaml");
  CHECK(tests::lines(loaded.errors) == "");
  CHECK(tests::lines(loaded.warnings) == "");
  return loaded.config.vip;
}

TEST_CASE("the ledger is in SQLite, or in a cluster under a name") {
  CHECK_FALSE(vip("").ledger);
  CHECK_FALSE(vip("vip: {ledger: sqlite}\n").ledger);
  CHECK_FALSE(vip(kCluster + "vip: {ledger: sqlite}\n").ledger);
  CHECK(vip(kCluster + "vip: {ledger: {kubernetes: {}}}\n").ledger ==
        KubernetesLedger{"kubernetes", "istio-system", "meridian"});
  CHECK(vip(kCluster + "vip:\n  ledger:\n    kubernetes:\n").ledger == KubernetesLedger{"kubernetes"});
  CHECK(vip("vip: {ledger: {kubernetes: {}}}\nsources: [{files: a}, {name: k, kubernetes: {}}]\n").ledger ==
        KubernetesLedger{"k"});
  CHECK(vip(kMany + "vip: {ledger: {kubernetes: {source: west, namespace: dns, name: east.mesh}}}\n").ledger ==
        KubernetesLedger{"west", "dns", "east.mesh"});
  CHECK(vip(kMany + "vip: {ledger: {kubernetes: {source: kubernetes}}}\n").ledger == KubernetesLedger{"kubernetes"});
}

TEST_CASE("VIPs are written back to entries where a ledger is shared") {
  CHECK(vip("vip: {write-back: none}\n").write_back == Vip::WriteBack::None);
  CHECK(vip(kCluster + "vip: {write-back: none, ledger: {kubernetes: {}}}\n").write_back == Vip::WriteBack::None);
  const auto both =
      vip(kCluster + "vip: {write-back: spec, ledger: {kubernetes: {}}, pools: ['fd00::/64', 10.0.0.0/8]}\n");
  CHECK(both.write_back == Vip::WriteBack::Spec);
  CHECK(both.pools.size() == 2);
}

TEST_CASE("Admiral's addresses are those of a ConfigMap") {
  CHECK_FALSE(vip("vip: {exclude-admiral: ''}\n").exclude_admiral);
  CHECK(vip(kCluster + "vip: {exclude-admiral: admiral/se-address-configmap}\n").exclude_admiral ==
        ConfigMapName{"admiral", "se-address-configmap"});
}

TEST_CASE("ledgers that can't be") {
  const std::string kinds =
      "; expected sqlite, or {kubernetes: {source: NAME, namespace: istio-system, name: meridian}}";
  const std::string path = "vip.ledger.kubernetes";
  const struct {
    const char* title;
    std::string yaml, errors;
  } cases[] = {
      {"a kind that is not there", "vip: {ledger: postgres}\n", "1:15: vip.ledger: found \"postgres\"" + kinds},
      {"Kubernetes as a word", kCluster + "vip: {ledger: kubernetes}\n",
       "2:15: vip.ledger: found \"kubernetes\"" + kinds},
      {"nothing", "vip:\n  ledger:\n", "2:3: vip.ledger: found nothing" + kinds},
      {"an empty mapping", "vip: {ledger: {}}\n", "1:15: vip.ledger: found a mapping" + kinds},
      {"a list", "vip: {ledger: [sqlite]}\n", "1:15: vip.ledger: found a list" + kinds},
      {"an unknown kind with settings", "vip: {ledger: {postgres: {}}}\n",
       "1:16: unknown key \"postgres\" in vip.ledger; allowed are kubernetes"},
      {"a slip of the pen", kCluster + "vip: {ledger: {kubernets: {}}}\n",
       "2:16: unknown key \"kubernets\" in vip.ledger; did you mean \"kubernetes\"?"},
      {"two kinds", kCluster + "vip: {ledger: {kubernetes: {}, sqlite: {}}}\n",
       "2:32: unknown key \"sqlite\" in vip.ledger; allowed are kubernetes"},
      {"settings that are a word", kCluster + "vip: {ledger: {kubernetes: west}}\n",
       "2:28: " + path + ": found \"west\"; expected a mapping (key: value)"},
      {"an unknown setting", kCluster + "vip: {ledger: {kubernetes: {name-space: a}}}\n",
       "2:29: unknown key \"name-space\" in " + path + "; did you mean \"namespace\"?"},
      {"settings that are wrong", kCluster + "vip: {ledger: {kubernetes: {source: [], namespace: a.b, name: My}}}\n",
       "2:37: " + path +
           ".source: found a list; expected the name of a source of kind kubernetes\n"
           "2:52: " +
           path +
           ".namespace: found \"a.b\"; expected a namespace: lower case letters, digits and '-' between "
           "them, at most 63\n"
           "2:63: " +
           path +
           ".name: found \"My\"; expected a name of lower case letters, digits, and '-' and '.' between "
           "them, at most 63"},
      {"no cluster at all", "vip:\n  ledger: {kubernetes: {}}\n",
       "2:11: " + path +
           ".source: there is no cluster to keep the ledger in; expected a source such as kubernetes: {}, "
           "or ledger: sqlite"},
      {"no cluster, and a source is named", "vip:\n  ledger: {kubernetes: {source: files}}\n",
       "2:33: " + path +
           ".source: there is no cluster to keep the ledger in; expected a source such as kubernetes: {}, "
           "or ledger: sqlite"},
      {"one of many", kMany + "vip: {ledger: {kubernetes: {name: a}}}\n",
       "2:15: " + path + ".source: is not given; expected one of kubernetes, west"},
      {"a source that nobody has", kMany + "vip: {ledger: {kubernetes: {source: east}}}\n",
       "2:37: " + path + ".source: no source is named \"east\"; expected one of kubernetes, west"},
      {"a source of files", kMany + "vip: {ledger: {kubernetes: {source: files}}}\n",
       "2:37: " + path + ".source: \"files\" is a source of files; expected one of kubernetes, west"},
      {"a source that is broken is reported alone", "sources: [{}]\nvip: {ledger: {kubernetes: {}}}\n",
       "1:11: sources[0]: is neither files nor kubernetes; expected files: and the path of a directory or a file, or "
       "kubernetes: {}"},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      CHECK(errors(c.yaml) == c.errors);
    }
  }
}

TEST_CASE("the ledger's name fits into a label") {
  const auto yaml = [](std::size_t length) {
    return kCluster + "vip: {ledger: {kubernetes: {name: " + std::string(length, 'a') + "}}}\n";
  };
  CHECK(errors(yaml(63)) == "");
  CHECK(errors(yaml(64)).find("2:35: vip.ledger.kubernetes.name: found \"aaa") == 0);
}

TEST_CASE("what is written back and avoided needs a cluster") {
  const std::string spec =
      "vip.write-back: spec needs a ledger that all replicas share; expected vip.ledger: {kubernetes: {}} too, or none";
  const std::string map = "; expected the namespace and the name of a ConfigMap such as admiral/se-address-configmap";
  const struct {
    const char* title;
    std::string yaml, errors;
  } cases[] = {
      {"no mode", "vip: {write-back: status}\n", "1:19: vip.write-back: found \"status\"; expected none or spec"},
      {"spec with the default ledger", kCluster + "vip:\n  write-back: spec\n", "3:15: " + spec},
      {"spec with SQLite", kCluster + "vip: {ledger: sqlite, write-back: spec}\n", "2:35: " + spec},
      {"spec with a ledger that is wrong", "vip: {ledger: postgres, write-back: spec}\n",
       "1:15: vip.ledger: found \"postgres\"; expected sqlite, or {kubernetes: {source: NAME, namespace: istio-system, "
       "name: meridian}}"},
      {"no ConfigMap", kCluster + "vip: {exclude-admiral: admiral}\n",
       "2:24: vip.exclude-admiral: found \"admiral\"" + map},
      {"no ConfigMap's name", kCluster + "vip: {exclude-admiral: admiral/A}\n",
       "2:24: vip.exclude-admiral: found \"admiral/A\"" + map},
      {"no value", kCluster + "vip:\n  exclude-admiral:\n", "3:3: vip.exclude-admiral: found nothing" + map},
      {"no cluster", "vip: {exclude-admiral: a/b}\n",
       "1:24: vip.exclude-admiral: there is no cluster to read a/b from; expected a source such as kubernetes: {}, or "
       "\"\""},
      {"a cluster that is broken", "sources: [{kubernetes: []}]\nvip: {exclude-admiral: a/b}\n",
       "1:24: sources[0].kubernetes: found a list; expected a mapping (key: value)"},
      {"a slip of the pen", "vip: {exclude-admirals: a/b}\n",
       "1:7: unknown key \"exclude-admirals\" in vip; did you mean \"exclude-admiral\"?"},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      CHECK(errors(c.yaml) == c.errors);
    }
  }
}
