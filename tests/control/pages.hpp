#pragma once
// What the admin address shows of a running reconciler.

#include <boost/json/object.hpp>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "control/metrics.hpp"
#include "control/status.hpp"
#include "running_reconciler.hpp"

namespace meridian::control::test {

struct Pages {
  // `settings`: of the configuration, as YAML.
  Pages(const Scratch& scratch, RunningReconciler& of, const std::string& settings = "state: /var/lib/meridian\n")
      : it(of), frontend(of.frontend()) {
    const auto file = scratch.path() / "meridian.yaml";
    std::ofstream(file) << settings;
    reload.emplace(it.loop(), file, config::load(file).config, [](const config::Config&) {});
  }
  View view() const {
    return {it.reconciler(), frontend, *reload, draining, std::chrono::system_clock::now(), [] {}, [] {}};
  }
  // The value of a line of /metrics; "absent".
  std::string metric(const std::string& name) const {
    const auto text = "\n" + metrics_text(view(), upstreams);
    const auto at = text.find("\n" + name + " ");
    if (at == std::string::npos) return "absent";
    const auto begin = at + name.size() + 2;
    return text.substr(begin, text.find('\n', begin) - begin);
  }
  boost::json::object status() const { return status_json(view(), upstreams); }

  RunningReconciler& it;
  Frontend frontend;  // the reconciler's; the test may lay its own functions over it
  std::vector<UpstreamStatus> upstreams;
  std::optional<Reload> reload;
  bool draining = false;
};

}  // namespace meridian::control::test
