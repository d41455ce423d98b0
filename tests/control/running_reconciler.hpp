#pragma once
// A reconciler with everything real around it, but for the workers: files in a directory of its own, a SQLite ledger
// and snapshot, one loop that the test turns.

#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

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
  ~RunningReconciler();  // stops it cleanly

  // Turns the loop until `condition` holds; false after ten seconds without.
  bool until(const std::function<bool()>& condition);
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
  std::size_t publications() const { return publications_; }

 private:
  boost::asio::io_context loop_;
  boost::asio::thread_pool disk_;
  ZonePtr zones_;
  std::unique_ptr<ledger::Ledger> ledger_;
  std::unique_ptr<source::Snapshot> snapshot_;
  Frontend frontend_;
  std::unique_ptr<Reconciler> reconciler_;
  std::size_t publications_ = 0;
  bool ended_ = false;
};

}  // namespace meridian::control::test
