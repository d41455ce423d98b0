#pragma once
// A reconciler with everything real around it, but for the workers: files in a directory of its own, the ledger and the
// clusters that its configuration names, a snapshot, one loop that the test turns.

#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "clusters.hpp"
#include "control/reconciler.hpp"

namespace meridian::control::test {

// A directory that goes with the object.
class Scratch {
 public:
  Scratch();
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  const std::filesystem::path& path() const { return path_; }
  // Replaces a file of entries in one step.
  void write(const std::string& name, const std::string& yaml) const;
  void remove(const std::string& name) const;
  config::Config config() const;  // serves entries/, keeps state/

 private:
  std::filesystem::path path_;
};

// One ServiceEntry document; `spec` in YAML's flow form without the braces.
std::string entry(const std::string& name, const std::string& spec, const std::string& metadata = "");

class RunningReconciler {
 public:
  explicit RunningReconciler(const config::Config& config);
  // ... on a ledger that the test has the hand on.
  using MakeLedger = std::function<std::unique_ptr<ledger::Ledger>(boost::asio::io_context& loop)>;
  RunningReconciler(const config::Config& config, const MakeLedger& make_ledger);
  ~RunningReconciler();  // stops it cleanly

  // Turns the loop until `condition` holds; false after half a minute without. `with`: others whose loops turn too.
  bool until(const std::function<bool()>& condition, const std::vector<RunningReconciler*>& with = {});
  // "NOERROR 240.0.0.2 240.0.0.3", "NODATA", "NXDOMAIN", "SERVFAIL": what the zones that were published last answer.
  std::string ask(const std::string& name, dns::Type type = dns::Type::A) const;
  bool answers(const std::string& name, const std::string& reply) {
    return until([&] { return ask(name) == reply; });
  }

  // Stops it; whether it then leaves the loop with nothing to wait for, so that the process can end.
  bool comes_to_rest();

  // resourceVersion of the entry in force.
  std::string version(const std::string& space, const std::string& name) const {
    return reconciler_->model().entry({space, name})->resource_version;
  }
  Reconciler& reconciler() { return *reconciler_; }
  const Frontend& frontend() const { return frontend_; }
  boost::asio::io_context& loop() { return loop_; }
  // Told of every publication, as soon as it is answered.
  std::function<void()> on_publish = [] {};
  std::size_t publications() const { return publications_; }

 private:
  boost::asio::io_context loop_;
  boost::asio::thread_pool disk_;
  Clusters clusters_;
  ZonePtr zones_;
  std::unique_ptr<ledger::Ledger> ledger_;
  std::unique_ptr<source::Snapshot> snapshot_;
  Frontend frontend_;
  std::unique_ptr<Reconciler> reconciler_;
  std::size_t publications_ = 0;
  bool ended_ = false;
};

}  // namespace meridian::control::test
