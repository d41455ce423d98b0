#include "server/worker.hpp"

#include <pthread.h>
#include <signal.h>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <string>
#include <thread>
#include <utility>

#include "server/query_log.hpp"
#include "server/responder.hpp"
#include "server/tcp_front_end.hpp"
#include "server/tcp_listener.hpp"
#include "server/udp_batch.hpp"
#include "server/udp_listener.hpp"

namespace meridian::server {

namespace asio = boost::asio;

namespace {

// Signals are the main thread's business: here they would only interrupt system calls.
void block_signals() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

}  // namespace

// Members are destroyed from the last to the first: the listeners before what they use, the loop, which may still hold
// their handlers, at the very end.
struct Worker::Impl {
  Impl(unsigned i, Sockets sockets, ZonePtr zones, SettingsPtr settings, asio::any_io_executor h, TcpAdmission& a,
       upstream::SharedState& forwarding)
      : index(i),
        home(std::move(h)),
        admission(a),
        forwarder(loop, settings->forward, forwarding, counters),
        responder(std::move(zones), settings, forwarder, counters, log),
        front(loop, responder, admission, counters) {
    admission.set_limits(settings->limits);
    log.set_mode(settings->log_queries);
    for (auto& socket : sockets.udp)
      udp.push_back(std::make_unique<UdpListener>(loop, std::move(socket), batch, responder, counters));
    for (auto& socket : sockets.tcp) tcp.push_back(std::make_unique<TcpListener>(loop, std::move(socket), front));
  }

  void run() {
    for (auto& listener : udp) listener->start();
    for (auto& listener : tcp) listener->start();
    loop.run();
  }

  void adopt(ZonePtr next, std::function<void()> adopted) {
    auto old = responder.adopt(std::move(next));
    counters.adoptions.add();
    asio::post(home, [old = std::move(old), adopted = std::move(adopted)]() mutable {
      old.reset();  // the old zones die at home, not between two packets
      if (adopted) adopted();
    });
  }

  void apply(SettingsPtr next) {
    const bool reload = next->forward != responder.settings().forward;
    responder.apply(next);
    admission.set_limits(next->limits);
    log.set_mode(next->log_queries);
    if (reload) forwarder.reload(next->forward);
  }

  void drain(std::chrono::milliseconds limit, std::function<void()> done) {
    drained = std::move(done);
    drain_limit.expires_after(limit);
    drain_limit.async_wait([this](const boost::system::error_code& error) {
      if (!error) stop();
    });
    for (auto& listener : tcp) listener->stop();
    front.drain([this] { stop_if_done(); });
    responder.when_answered([this] {
      answered = true;
      stop_if_done();
    });
  }

  void stop_if_done() {
    if (answered && front.connections() == 0) stop();
  }

  void stop() {
    if (!drained) return;
    for (auto& listener : udp) listener->answer_arrived();
    forwarder.abandon();
    asio::post(home, std::exchange(drained, nullptr));
    loop.stop();
  }

  const unsigned index;
  asio::io_context loop{1};
  asio::executor_work_guard<asio::io_context::executor_type> work{loop.get_executor()};
  asio::any_io_executor home;
  TcpAdmission& admission;
  stats::WorkerCounters counters;
  QueryLog log{counters};
  upstream::Forwarder forwarder;
  Responder responder;
  UdpBatch batch;
  TcpFrontEnd front;
  std::vector<std::unique_ptr<UdpListener>> udp;
  std::vector<std::unique_ptr<TcpListener>> tcp;
  asio::steady_timer drain_limit{loop};
  bool answered = false;          // draining: all that was in flight at its start
  std::function<void()> drained;  // draining: who waits for its end
  std::thread thread;
};

Worker::Worker(unsigned index, Sockets sockets, ZonePtr zones, SettingsPtr settings, asio::any_io_executor home,
               TcpAdmission& admission, upstream::SharedState& forwarding)
    : impl_(std::make_unique<Impl>(index, std::move(sockets), std::move(zones), std::move(settings), std::move(home),
                                   admission, forwarding)) {}

Worker::~Worker() {
  impl_->loop.stop();
  join();
}

void Worker::start() {
  impl_->thread = std::thread([this] {
    pthread_setname_np(pthread_self(), ("worker-" + std::to_string(impl_->index)).c_str());
    block_signals();
    impl_->run();
  });
}

void Worker::adopt(ZonePtr next, std::function<void()> adopted) {
  asio::post(impl_->loop, [this, next = std::move(next), adopted = std::move(adopted)]() mutable {
    impl_->adopt(std::move(next), std::move(adopted));
  });
}

void Worker::apply(SettingsPtr next) {
  asio::post(impl_->loop, [this, next = std::move(next)]() mutable { impl_->apply(std::move(next)); });
}

void Worker::upstreams(std::function<void(std::vector<upstream::UpstreamState>)> done) {
  asio::post(impl_->loop, [this, done = std::move(done)]() mutable {
    asio::post(impl_->home,
               [done = std::move(done), state = impl_->forwarder.state()]() mutable { done(std::move(state)); });
  });
}

void Worker::drain(std::chrono::milliseconds limit, std::function<void()> drained) {
  asio::post(impl_->loop,
             [this, limit, drained = std::move(drained)]() mutable { impl_->drain(limit, std::move(drained)); });
}

void Worker::join() {
  if (impl_->thread.joinable()) impl_->thread.join();
}

const stats::WorkerCounters& Worker::counters() const {
  return impl_->counters;
}

}  // namespace meridian::server
