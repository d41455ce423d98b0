#pragma once
// A shared ledger of its own on the scripted API server, and the processes that have it. One server for all tests of
// the program.

#include <chrono>
#include <map>
#include <memory>
#include <string>

#include "../kube/api_server.hpp"
#include "kube/api.hpp"
#include "ledger/conformance.hpp"
#include "ledger/kube_ledger.hpp"

namespace meridian::ledger {

class KubeScratch {
 public:
  static constexpr config::Kubernetes::Lease kTimes{std::chrono::seconds(3), std::chrono::seconds(2),
                                                    std::chrono::seconds(1)};

  KubeScratch() : name_("ledger-" + std::to_string(++made_)) { server().command("clear_faults"); }
  ~KubeScratch() {
    for (auto& [ledger, api] : apis_) api->stop();
    control_.restart();
    control_.poll();
  }
  KubeScratch(const KubeScratch&) = delete;
  KubeScratch& operator=(const KubeScratch&) = delete;

  static test::ApiServer& server() {
    static test::ApiServer server;
    return server;
  }
  boost::asio::io_context& control() { return control_; }
  const std::string& name() const { return name_; }

  // Another process, as it starts.
  std::unique_ptr<Ledger> join(std::unique_ptr<Ledger> mirror = nullptr, bool shares = false) {
    auto api = std::make_unique<kube::Api>(control_, server().settings());
    config::KubernetesLedger settings;
    settings.space = "default";
    settings.name = name_;
    auto ledger = make_kube_ledger(control_, *api, settings, kTimes, name_ + "-" + std::to_string(++joined_),
                                   std::move(mirror), shares);
    apis_.emplace(joined_, std::move(api));
    return ledger;
  }
  // ... and when it may write.
  std::unique_ptr<Ledger> open() {
    auto ledger = join();
    ledger->follow([](News) {});
    run_until(control_, [&] { return ledger->writable(); });
    load(*ledger, control_);
    return ledger;
  }

 private:
  inline static int made_ = 0;
  std::string name_;
  boost::asio::io_context control_;
  std::map<int, std::unique_ptr<kube::Api>> apis_;
  int joined_ = 0;
};

}  // namespace meridian::ledger
