#pragma once
// Which entries of a cluster shall carry which VIP in spec.addresses, and what their owners are told by Events
// (behaviour: writing VIPs back). Behind the answers, never before them: only a VIP that the ledger holds is written.
// Control thread only.

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include <meridian/mesh/merge.hpp>
#include <meridian/mesh/vip_groups.hpp>

#include "control/vip_keeper.hpp"
#include "kube/event_recorder.hpp"
#include "kube/write_back.hpp"

namespace meridian::control {

class VipWriter {
 public:
  // All borrowed. `is_written`: whether the entries of a source, by rank, are this cluster's. `instance`: this process,
  // in the Events.
  VipWriter(boost::asio::io_context& loop, kube::Api& api, const std::string& instance, const mesh::Model& model,
            const VipKeeper& vips, std::function<bool(unsigned source)> is_written);

  // Groups and refusals that were found anew: writes, and takes back.
  void update(const std::vector<mesh::VipGroup>& groups, const std::vector<mesh::Refusal>& refused);
  // The entry, or the rules, are others now: where the rules pass over it no group will ever have it, and what was
  // written into it is taken back.
  void check(const mesh::EntryKey& entry);
  // A source's entry is gone: if it was the cluster's, nothing is owed to it.
  void forget(unsigned source, const mesh::EntryKey& entry);
  // A host that another namespace's older entry owns; a host that the pools have nothing for.
  void tell_conflict(const mesh::Host& host);
  void tell_exhausted(const mesh::Host& host);
  // Whether we are the writer of the ledger may have changed, or what is known of the API: `version` of ServiceEntries
  // as served, empty if that is not known yet.
  void follow(const std::string& version);
  void stop();

  // Entries that are not written because their hosts have several VIPs already, and why: the end of a sentence.
  const std::map<mesh::EntryKey, std::string>& conflicts() const { return conflicts_; }
  const kube::WriteBack& write_back() const { return write_back_; }
  const kube::EventRecorder& events() const { return events_; }

 private:
  const mesh::ServiceEntry* written(const mesh::EntryKey& key) const;
  void refuse(const mesh::Refusal& refusal);
  void tell_refused(const kube::ObjectRef& entry, const std::string& why);
  void warn(const mesh::EntryKey& key, const std::string& reason, const std::string& text);

  const mesh::Model& model_;
  const VipKeeper& vips_;
  std::function<bool(unsigned)> is_written_;
  std::map<mesh::EntryKey, std::string> conflicts_;
  std::chrono::steady_clock::time_point minute_{};  // in which refused writes are counted for the log
  unsigned told_ = 0, untold_ = 0;
  kube::EventRecorder events_;
  kube::WriteBack write_back_;
};

}  // namespace meridian::control
