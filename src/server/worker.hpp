#pragma once
// One worker: a thread, its loop, its sockets, its forwarder, its counters. Everything in it belongs to its thread; the
// control thread talks to it by posting.

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <vector>

#include <meridian/stats/counters.hpp>
#include "server/settings.hpp"
#include "server/sockets.hpp"
#include "server/tcp_admission.hpp"
#include "upstream/forwarder.hpp"

namespace meridian::server {

class Worker {
 public:
  // `home` runs on the control thread: old zones are posted there to be destroyed. Admission and
  // what forwarders share outlive the workers. Constructed and destroyed on the control thread.
  Worker(unsigned index, Sockets sockets, ZonePtr zones, SettingsPtr settings, boost::asio::any_io_executor home,
         TcpAdmission& admission, upstream::SharedState& forwarding);
  // Without a drain before, whatever is in flight is dropped.
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void start();  // starts the thread
  // From any thread: take over the next zones; `adopted` is called on `home` when this worker answers from them (never,
  // if it has stopped before).
  void adopt(ZonePtr next, std::function<void()> adopted);
  // From any thread: connections that are open and questions in flight go on under what they began with.
  void apply(SettingsPtr next);
  // From any thread: what its forwarder knows; `done` is called on `home`.
  void upstreams(std::function<void(std::vector<upstream::UpstreamState>)> done);
  // From any thread: answer what is in flight (forwards too), and end the TCP connections, each when it is owed
  // nothing; then stop; at most `limit`. UDP is answered to the end, because nobody tells its clients to go elsewhere,
  // but questions that have to be forwarded from now on are not waited for. `drained` is called on `home`. Once.
  void drain(std::chrono::milliseconds limit, std::function<void()> drained);
  void join();  // after drained

  const stats::WorkerCounters& counters() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace meridian::server
