#pragma once
// Kubernetes Events on ServiceEntries, so that `kubectl describe` tells their owner what we told our log. Best effort:
// bounded, without repetition, and nothing waits for it.

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <memory>
#include <string>

#include "kube/api.hpp"
#include "kube/object_ref.hpp"

namespace meridian::kube {

// For one cluster. Control thread only.
class EventRecorder {
 public:
  // `instance` tells replicas apart, for people: the pod's name. Off until enable(true). `api` outlives stop().
  EventRecorder(boost::asio::io_context& loop, Api& api, std::string instance);
  ~EventRecorder();  // stops

  // A Warning with a CamelCase reason ("VipConflict", "VipsExhausted", "WriteBackRefused"). The same of one object is
  // sent once an hour at most. Dropped, and counted, if too many wait, if it could not be sent within 10 minutes, or if
  // the server does not want it; that RBAC or a webhook forbids Events is logged once.
  void warn(const ObjectRef& entry, const std::string& reason, const std::string& text);
  // Of the API of ServiceEntries; "v1" before.
  void serve_version(std::string version);
  // Only the holder of the Lease tells. While off the latest are kept for a while, so that what was found out before
  // there was a holder is told too.
  void enable(bool on);
  void stop();

  std::uint64_t sent() const;
  std::uint64_t dropped() const;

 private:
  struct Run;
  std::shared_ptr<Run> run_;
};

}  // namespace meridian::kube
