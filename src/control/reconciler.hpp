#pragma once
// The life of a ServiceEntry, from a source's news to what every worker answers: model, addresses, zones, publish.
// Control thread only.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <meridian/config/config.hpp>
#include <meridian/mesh/merge.hpp>

#include "control/frontend.hpp"
#include "control/snapshot_keeper.hpp"
#include "control/source_set.hpp"
#include "control/vip_keeper.hpp"
#include "control/vip_sharing.hpp"
#include "control/vip_writer.hpp"
#include "control/zone_builder.hpp"
#include "kube/api.hpp"
#include "ledger/ledger.hpp"
#include "source/admiral_addresses.hpp"

namespace meridian::control {

// The zones before anything is known: owned, empty, not ready.
ZonePtr empty_zones(const config::Config& config, std::span<const config::Endpoint> bound, std::uint32_t serial);

// The clusters that are asked for more than their ServiceEntries; null where the configuration asks for nothing.
struct ClusterAccess {
  kube::Api* ledger = nullptr;   // for vip.write-back, and the Events
  kube::Api* admiral = nullptr;  // for vip.exclude-admiral
  std::string identity{};        // of this process, for the Events
};

class Reconciler {
 public:
  // Everything is borrowed and must outlive the reconciler. `zones`: what the workers answer from at the start.
  Reconciler(boost::asio::io_context& loop, const config::Config& config, ledger::Ledger& ledger,
             source::Snapshot& snapshot, const Frontend& frontend, ZonePtr zones, const ClusterAccess& clusters = {});
  ~Reconciler();

  // Loads the last run, starts the sources, and keeps ledger and snapshot; returns some time after stop(), when both
  // are written.
  boost::asio::awaitable<void> run();
  void stop();
  // A changed configuration: what is served changes in one step, sources that stay are not read again.
  void reload(const config::Config& config);
  // Every source looks again; see SourceSet::rescan.
  void rescan() { sources_.rescan(); }

  // For /readyz, /status, /metrics and /explain.
  const config::Config& config() const { return config_; }
  const mesh::Model& model() const { return model_; }
  const SourceSet& sources() const { return sources_; }
  const VipKeeper& vips() const { return vips_; }
  const SnapshotKeeper& snapshot() const { return snapshot_; }
  const zone::ZoneSet& zones() const { return *builder_->zones(); }
  // Null: no host shares another's VIP. Whether they do is the ledger's to say, of which we may be a mere reader.
  const VipSharing* sharing() const { return writer_ || vips_.ledger().shares() ? sharing_.get() : nullptr; }
  const VipWriter* writer() const { return writer_.get(); }                   // null: nothing is written back
  const source::AdmiralAddresses* admiral() const { return admiral_.get(); }  // null: not asked for
  const std::set<std::string>& pending() const { return pending_; }
  // What an operator should know of a host, for hosts that have something: conflicts, pins that can't be had, warnings.
  const std::map<std::string, std::string>& notes() const { return notes_; }
  // All workers answer from zones that may deny names.
  bool adopted_complete() const { return adopted_complete_; }
  std::chrono::system_clock::time_point last_change() const { return last_change_; }
  std::uint64_t publications() const { return publications_; }

 private:
  void accept(Accepted accepted);
  void look_again(std::vector<std::string> hosts);
  void schedule();
  void commit();
  void look_around(std::set<std::string>& hosts);
  bool all_known() const;
  void put(const mesh::Host& host);
  Answerable resolve_addresses(const mesh::Host& host);
  void assign_vips(const mesh::Host& host, Answerable& answer, const std::function<void(std::string_view)>& say);
  void note(const std::string& host, std::string text);
  void release_unwanted();
  bool settled();
  std::string served_version() const;
  void publish();
  HostCounts present_hosts(bool counted) const;
  std::string lost_zone(const std::string& host, const std::set<mesh::EntryKey>& going) const;

  boost::asio::io_context& loop_;
  config::Config config_;
  const Frontend& frontend_;
  mesh::Model model_;
  std::unique_ptr<ZoneBuilder> builder_;
  VipKeeper vips_;
  SnapshotKeeper snapshot_;
  SourceSet sources_;
  std::unique_ptr<source::AdmiralAddresses> admiral_;
  std::unique_ptr<VipSharing> sharing_;  // null: our ledger is no other's
  std::unique_ptr<VipWriter> writer_;    // null: no `vip.write-back`
  boost::asio::steady_timer gather_;     // a few ms, so that many events make one zone
  bool started_ = false;                 // the last run is loaded, and the sources are read
  bool scheduled_ = false, stopped_ = false;
  std::set<std::string> again_;  // hosts to look at besides those that the model touched
  std::set<std::string> pending_;
  std::map<std::string, std::string> notes_;
  bool ready_ = false;                   // zones may deny names; never goes back
  std::uint64_t looked_at_all_ = 0;      // for this reading of the ledger, whether every host was looked at
  std::uint64_t released_unwanted_ = 0;  // for this reading of the ledger
  std::uint64_t settling_ = 0;           // ... is it awaited that the sources bring what the writer before us knew
  boost::asio::steady_timer settle_;
  bool adopted_complete_ = false;
  std::chrono::system_clock::time_point last_change_{};
  std::uint64_t publications_ = 0;
};

}  // namespace meridian::control
