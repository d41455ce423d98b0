#pragma once
// One worker: a thread, its loop, its sockets, its forwarder, its counters. Everything in it belongs to its thread; the
// control thread talks to it by posting.

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <vector>

#include <meridian/config/config.hpp>
#include <meridian/query/respond.hpp>
#include <meridian/stats/counters.hpp>
#include <meridian/zone/zone.hpp>
#include "server/access.hpp"
#include "server/tcp_admission.hpp"
#include "upstream/forwarder.hpp"

namespace meridian::server {

using ZonePtr = std::shared_ptr<const zone::ZoneSet>;

// What a reload may change, in the form that workers use. Immutable.
struct Settings {
  query::Settings query;
  AccessLists access;
  config::Forward forward;
  config::Limits limits;
  config::Log::Queries log_queries = config::Log::Queries::Off;
};
using SettingsPtr = std::shared_ptr<const Settings>;
SettingsPtr make_settings(const config::Config& config);

// Descriptors that are bound already, one for each listening address (SO_REUSEPORT: each worker binds its own).
struct Sockets {
  std::vector<int> udp;
  std::vector<int> tcp;   // bound and listening
};
// Binds `addresses` for `workers` workers; port 0 is chosen once and shared. Throws std::runtime_error with what to do
// (port taken, by whom if /proc tells; no permission for a port under 1024). `bound` gets the addresses with their ports.
std::vector<Sockets> bind_sockets(const std::vector<config::Endpoint>& addresses, unsigned workers,
                                  std::vector<config::Endpoint>& bound);

class Worker {
 public:
  // `home` runs on the control thread: old zones are posted there to be destroyed. `shared` admission and in-flight
  // counts outlive the workers.
  Worker(unsigned index, Sockets sockets, ZonePtr zones, SettingsPtr settings, boost::asio::any_io_executor home,
         TcpAdmission& admission, upstream::InFlight& in_flight);
  ~Worker();

  void start();   // starts the thread
  // From any thread: take over the next zones; `adopted` is called on `home` when this worker answers from them.
  void adopt(ZonePtr next, std::function<void()> adopted);
  void apply(SettingsPtr next);
  // From any thread: what its forwarder knows; `done` is called on `home`.
  void upstreams(std::function<void(std::vector<upstream::UpstreamState>)> done);
  // From any thread: stop accepting, answer what is in flight (forwards and TCP too), then stop; at most `limit`.
  // `drained` is called on `home`.
  void drain(std::chrono::milliseconds limit, std::function<void()> drained);
  void join();    // after drained

  const stats::WorkerCounters& counters() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace meridian::server
