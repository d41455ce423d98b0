#pragma once
// Kubernetes Events on ServiceEntries, so that `kubectl describe` tells their owner what we told our log. Best effort:
// bounded, without repetition, and nothing waits for it.

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <memory>
#include <string>

#include "kube/api.hpp"
#include "kube/write_back.hpp"

namespace meridian::kube {

class EventRecorder {
 public:
  EventRecorder(boost::asio::io_context& loop, Api& api, std::string instance);
  ~EventRecorder();  // stops

  // A Warning with a CamelCase reason ("VipConflict", "VipsExhausted", "WriteBackRefused"). The same of one object is
  // sent once an hour at most. Dropped, and counted, if too many wait.
  void warn(const ObjectRef& entry, const std::string& reason, const std::string& text);
  void enable(bool on);  // only the holder of the Lease tells
  void stop();

  std::uint64_t sent() const;
  std::uint64_t dropped() const;

 private:
  struct Run;
  std::shared_ptr<Run> run_;
};

}  // namespace meridian::kube
