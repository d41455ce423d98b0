#pragma once
// Which entries of a cluster shall carry which VIP in spec.addresses, and what their owners are told by Events
// (behaviour: writing VIPs back). Behind the answers, never before them: only a VIP that the ledger holds is written.
// Control thread only.

#include <boost/asio/io_context.hpp>
#include <functional>
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

  const kube::WriteBack& write_back() const { return write_back_; }
  const kube::EventRecorder& events() const { return events_; }

 private:
  const mesh::ServiceEntry* written(const mesh::EntryKey& key) const;
  void warn(const mesh::EntryKey& key, const std::string& reason, const std::string& text);

  const mesh::Model& model_;
  const VipKeeper& vips_;
  std::function<bool(unsigned)> is_written_;
  kube::EventRecorder events_;
  kube::WriteBack write_back_;
};

}  // namespace meridian::control
