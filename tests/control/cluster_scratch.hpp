#pragma once
// A reconciler that writes VIPs back into the scripted API server: its configuration, and words for both.

#include <boost/json/object.hpp>
#include <string>
#include <vector>

#include "../kube/cluster.hpp"
#include "running_reconciler.hpp"

namespace meridian::control::test {

// An empty cluster, and a ledger in it that is nobody else's; entries are in namespace "shop".
class ClusterScratch : public Scratch {
 public:
  ClusterScratch();
  config::Config config() const;  // `write-back: spec`, one source, the cluster

  // An entry with these hosts, without addresses; `spec` is laid over that.
  kube::ObjectRef put(const std::string& name, const std::vector<std::string>& hosts,
                      const boost::json::object& spec = {}) const;
  // Its hosts are others from now on.
  void set_hosts(const kube::ObjectRef& entry, const std::vector<std::string>& hosts) const;
  void label(const kube::ObjectRef& entry, const std::string& label, const std::string& value) const;
  // spec.addresses as JSON, "none", "gone".
  std::string list_of(const kube::ObjectRef& entry) const { return meridian::test::addresses(cluster, entry); }
  // The messages of the Events with this reason about the entry.
  std::vector<std::string> events(const kube::ObjectRef& entry, const std::string& reason) const;

  meridian::test::ApiServer& cluster;

 private:
  const std::string ledger_;
};

// A reconciler, asked in terms of VIPs.
class Serving : public RunningReconciler {
 public:
  explicit Serving(const ClusterScratch& scratch) : Serving(scratch, scratch.config()) {}
  Serving(const ClusterScratch& scratch, const config::Config& config) : RunningReconciler(config), scratch_(scratch) {}

  // The one A record of the host, as soon as there is one.
  std::string vip(const std::string& host);
  // Until the entry has this address and no other; until it has no list.
  bool writes(const kube::ObjectRef& entry, const std::string& vip) {
    return until([&] { return scratch_.list_of(entry) == "[\"" + vip + "\"]"; });
  }
  bool takes_back(const kube::ObjectRef& entry) {
    return until([&] { return scratch_.list_of(entry) == "none"; });
  }
  bool is(const std::string& host, const std::string& vip) { return answers(host, "NOERROR " + vip); }
  // Until this process may write, and what it had to say is said.
  bool rests();

 private:
  const ClusterScratch& scratch_;
};

}  // namespace meridian::control::test
