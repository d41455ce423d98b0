#include "serve.hpp"

#include <spdlog/spdlog.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/thread_pool.hpp>
#include <csignal>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "clusters.hpp"
#include "control/admin.hpp"
#include "control/reconciler.hpp"
#include "control/reload.hpp"
#include "descriptor_limit.hpp"
#include "logging.hpp"
#include "server/cpus.hpp"
#include "server/worker.hpp"
#include "source/snapshot.hpp"
#include "state_directory.hpp"
#include "upstream/own_addresses.hpp"
#include "upstream_status.hpp"

namespace meridian {
namespace {

namespace asio = boost::asio;

// The workers, as control wants to see them.
class Workers {
 public:
  Workers(const config::Config& config, std::vector<server::Sockets> sockets, const control::ZonePtr& zones,
          const std::vector<config::Endpoint>& bound, asio::io_context& home)
      : forward_(config.forward), forwarding_(config.forward, upstream::listening_at(bound)) {
    admission_.set_limits(config.limits);
    const auto settings = server::make_settings(config);
    for (unsigned i = 0; i < sockets.size(); ++i) {
      workers_.push_back(std::make_unique<server::Worker>(i, std::move(sockets[i]), zones, settings,
                                                          home.get_executor(), admission_, forwarding_));
    }
  }

  void start() {
    for (const auto& worker : workers_) worker->start();
  }

  control::Frontend frontend(std::vector<config::Endpoint> bound) {
    control::Frontend frontend;
    frontend.publish = [this](const control::ZonePtr& zones, std::function<void()> adopted) {
      each([&](server::Worker& worker, auto done) { worker.adopt(zones, std::move(done)); }, std::move(adopted));
    };
    frontend.apply = [this](const config::Config& config) {
      auto agreed = config;
      agreed.forward = reconfigure(config.forward);
      const auto settings = server::make_settings(agreed);
      admission_.set_limits(config.limits);
      for (const auto& worker : workers_) worker->apply(settings);
    };
    frontend.cache = [this] {
      const auto usage = forwarding_.cache.usage();
      return control::CacheStatus{usage.replies, usage.octets, usage.limit, usage.evictions};
    };
    frontend.flush = [this](const dns::Name* name, bool below) {
      return name ? forwarding_.cache.flush(dns::FoldedName(*name), below) : forwarding_.cache.flush_all();
    };
    frontend.upstreams = [this](auto done) { gather_upstreams(workers_, std::move(done)); };
    frontend.bound = std::move(bound);
    for (const auto& worker : workers_) frontend.counters.push_back(&worker->counters());
    return frontend;
  }

  void drain(std::chrono::milliseconds limit, std::function<void()> drained) {
    each([&](server::Worker& worker, auto done) { worker.drain(limit, std::move(done)); }, std::move(drained));
  }

  void join() {
    for (const auto& worker : workers_) worker->join();
  }

 private:
  // What the workers forward by from now on: `next`, or, where it can't be had, what they have.
  const config::Forward& reconfigure(const config::Forward& next) {
    try {
      forwarding_.tls.trust(next);
      forwarding_.cache.configure(next.cache);
      forward_ = next;
    } catch (const std::exception& e) {
      spdlog::error("forward: {}; what was there before goes on", e.what());
    }
    return forward_;
  }

  // Asks every worker, and calls `all_done` on the control thread when the last one has answered.
  template <class Ask>
  void each(Ask ask, std::function<void()> all_done) {
    auto waiting = std::make_shared<std::size_t>(workers_.size());
    for (const auto& worker : workers_) {
      ask(*worker, [waiting, all_done] {
        if (--*waiting == 0) all_done();
      });
    }
  }

  server::TcpAdmission admission_;
  config::Forward forward_;  // in force
  upstream::SharedState forwarding_;
  std::vector<std::unique_ptr<server::Worker>> workers_;
};

}  // namespace

int serve(const std::filesystem::path& config_file) {
  // Configuration and log.
  auto loaded = config::load(config_file);
  for (const auto& error : loaded.errors) std::cerr << error.to_text() << '\n';
  if (!loaded.errors.empty()) return 1;
  const config::Config config = std::move(loaded.config);
  set_up_logging(config.log);
  for (const auto& warning : loaded.warnings) spdlog::warn("configuration: {}", warning.to_text());
  // This thread is control. A signal that comes before somebody waits for it is kept; nothing ends us but what we do.
  std::signal(SIGPIPE, SIG_IGN);
  asio::io_context control_loop(1);
  asio::signal_set hang_up(control_loop, SIGHUP), terminate(control_loop, SIGTERM, SIGINT);

  // What can fail at the start, before anybody is answered.
  raise_descriptor_limit();
  prepare_state_directory(config.state);
  std::vector<config::Endpoint> bound;
  const unsigned count = config.workers ? config.workers : server::usable_cpus();
  auto sockets = server::bind_sockets(config.listen, count, bound);
  for (const auto& endpoint : bound) spdlog::info("listening on {} (UDP and TCP)", endpoint.to_text());

  // The other threads: one for disks; the workers.
  asio::thread_pool disk(1);
  const auto zones = control::empty_zones(config, bound, 0);
  Workers workers(config, std::move(sockets), zones, bound, control_loop);
  const auto frontend = workers.frontend(bound);

  // From sources to zones.
  const std::string identity = process_identity();
  Clusters clusters(control_loop, config);
  const auto ledger = make_ledger(control_loop, disk, config, clusters, identity);
  source::Snapshot snapshot(disk, config.state / "entries.db");
  control::Reconciler reconciler(control_loop, config, *ledger, snapshot, frontend, zones,
                                 {clusters.ledger.get(), clusters.admiral.get(), identity});
  std::function<void(const std::string&)> open_admin;
  control::Reload reload(control_loop, config_file, config, [&](const config::Config& next) {
    set_up_logging(next.log);
    frontend.apply(next);
    reconciler.reload(next);
    open_admin(next.admin.listen);
  });

  // The admin address; a reload may move it. If the new one can't be bound the old one stays.
  bool draining = false;
  const control::View view{reconciler,
                           frontend,
                           reload,
                           draining,
                           std::chrono::system_clock::now(),
                           [&] { reload.now(); },
                           [&] { reconciler.rescan(); }};
  std::unique_ptr<control::Admin> admin;
  std::string admin_listen;
  const auto bind_admin = [&](const std::string& listen) {
    auto next = listen.empty() ? nullptr : std::make_unique<control::Admin>(control_loop, listen, view);
    if (next) spdlog::info("admin on http://{}/status", next->bound().to_text());
    admin = std::move(next);
    admin_listen = listen;
  };
  open_admin = [&](const std::string& listen) {
    try {
      if (listen != admin_listen) bind_admin(listen);
    } catch (const std::exception& e) {
      spdlog::error("{}; until then it is {}", e.what(), admin_listen.empty() ? "off" : admin_listen);
    }
  };
  bind_admin(config.admin.listen);

  // Signals: SIGHUP looks at everything again; SIGTERM and SIGINT drain, then stop.
  std::function<void()> on_hang_up = [&] {
    hang_up.async_wait([&](const boost::system::error_code& stopped, int) {
      if (stopped) return;
      reload.now();
      reconciler.rescan();
      on_hang_up();
    });
  };
  on_hang_up();
  terminate.async_wait([&](const boost::system::error_code& stopped, int signal) {
    if (stopped) return;
    spdlog::info("{}: draining", signal == SIGTERM ? "SIGTERM" : "SIGINT");
    draining = true;
    workers.drain(reload.current().lameduck, [&] {
      reconciler.stop();
      reload.stop();
      hang_up.cancel();
      if (admin) admin->stop();
    });
  });

  asio::co_spawn(control_loop, reconciler.run(), [&](const std::exception_ptr& e) {
    if (e) std::rethrow_exception(e);  // our own bug: what can fail is caught where it is retried
    clusters.stop();                   // the last that needed them, the ledger, is closed
  });
  reload.start();
  workers.start();
  control_loop.run();

  workers.join();
  disk.join();
  spdlog::info("stopped");
  return 0;
}

}  // namespace meridian
