#include "kube/event_recorder.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <utility>

#include "kube/backoff.hpp"
#include "kube/event.hpp"
#include "kube/event_queue.hpp"
#include "kube/readable.hpp"

namespace meridian::kube {
namespace {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;
using WallClock = std::chrono::system_clock;

constexpr const char* kRemedy = "; give our ServiceAccount a ClusterRole with resources [events], verbs [create]";
constexpr unsigned kMostTries = 5;  // of an Event that the server can't take; one that it can't hear of may wait

enum class Outcome { Sent, Unwanted, Failed, Unheard };

Outcome outcome_of(unsigned status) {
  if (status >= 200 && status < 300) return Outcome::Sent;
  if (status == 401 || status == 429) return Outcome::Unheard;
  const bool name_taken = status == 409;  // the next try has another name
  return status >= 500 || name_taken ? Outcome::Failed : Outcome::Unwanted;
}

}  // namespace

// One coroutine that lives for as long as Events wait.
struct EventRecorder::Run : std::enable_shared_from_this<Run> {
  Run(asio::io_context& io, Api& server, std::string instance)
      : loop(io), api(server), source{.instance = std::move(instance)}, pause(io) {}

  void start();
  static asio::awaitable<void> work(std::shared_ptr<Run> run);
  asio::awaitable<Outcome> attempt(Request request);
  void settle(EventQueue::Waiting told, Outcome outcome);
  std::uint64_t unique();

  asio::io_context& loop;
  Api& api;
  EventSource source;
  EventQueue queue;
  asio::steady_timer pause;
  Backoff backoff{std::chrono::milliseconds(500), std::chrono::seconds(60)};
  std::optional<std::chrono::seconds> asked{};  // by the last answer
  std::string why{};                            // the last Event was unwanted
  std::uint64_t last_unique = 0, sent = 0, dropped = 0;
  bool enabled = false, stopped = false, working = false, complained = false;
};

void EventRecorder::Run::start() {
  if (working || stopped || !enabled || queue.size() == 0) return;
  working = true;
  asio::post(loop, [self = shared_from_this()] { asio::co_spawn(self->loop, work(self), asio::detached); });
}

asio::awaitable<void> EventRecorder::Run::work(std::shared_ptr<Run> run) {
  while (!run->stopped && run->enabled) {
    run->dropped += run->queue.expire(Clock::now());
    auto next = run->queue.take();
    if (!next) break;
    ++next->tries;
    Outcome outcome{};
    try {
      auto request = post_event(next->event, run->source, run->unique());
      outcome = co_await run->attempt(std::move(request));
    } catch (const boost::system::system_error&) {
      co_return;  // aborted: the api was stopped, and we with it
    }
    if (run->stopped) co_return;
    run->settle(std::move(*next), outcome);
    if (outcome == Outcome::Sent || outcome == Outcome::Unwanted) continue;
    boost::system::error_code cancelled;
    run->pause.expires_after(run->backoff.next(run->asked));
    co_await run->pause.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
  }
  run->working = false;
}

asio::awaitable<Outcome> EventRecorder::Run::attempt(Request request) {
  asked.reset();
  try {
    const Response response = co_await api.send(std::move(request));
    asked = response.retry_after;
    why = explain(response);
    if (response.status == 403 && why.find("cannot create resource") != std::string::npos) why += kRemedy;
    co_return outcome_of(response.status);
  } catch (const boost::system::system_error& e) {
    if (e.code() == asio::error::operation_aborted) throw;
  } catch (const std::exception&) {
    // Unreachable: the reflector of this server says so to everybody.
  }
  co_return Outcome::Unheard;
}

void EventRecorder::Run::settle(EventQueue::Waiting told, Outcome outcome) {
  if (outcome == Outcome::Unheard || (outcome == Outcome::Failed && told.tries < kMostTries)) {
    return queue.put_back(std::move(told));
  }
  backoff.reset();
  if (outcome == Outcome::Sent) {
    ++sent;
    complained = false;
    return;
  }
  ++dropped;
  if (!std::exchange(complained, true)) {
    spdlog::warn("events: not accepted, so owners of entries are not told: {}", why);
  }
}

// The time, as client-go has it, and never twice.
std::uint64_t EventRecorder::Run::unique() {
  const auto now = std::chrono::duration_cast<std::chrono::nanoseconds>(WallClock::now().time_since_epoch()).count();
  return last_unique = std::max<std::uint64_t>(static_cast<std::uint64_t>(now), last_unique + 1);
}

EventRecorder::EventRecorder(asio::io_context& loop, Api& api, std::string instance)
    : run_(std::make_shared<Run>(loop, api, std::move(instance))) {}

EventRecorder::~EventRecorder() {
  stop();
}

void EventRecorder::warn(const ObjectRef& entry, const std::string& reason, const std::string& text) {
  const auto wall = WallClock::now();
  const bool room = run_->queue.add(
      {.entry = entry, .reason = reason, .text = readable(text, Event::kLongestText), .first = wall, .last = wall},
      Clock::now());
  if (!room && run_->enabled) ++run_->dropped;
  run_->start();
}

void EventRecorder::serve_version(std::string version) {
  run_->source.version = std::move(version);
}

void EventRecorder::enable(bool on) {
  if (on && !run_->enabled) run_->queue.expire(Clock::now());  // the holder of that time has told them
  run_->enabled = on;
  run_->start();
}

void EventRecorder::stop() {
  run_->stopped = true;
  run_->pause.cancel();
}

std::uint64_t EventRecorder::sent() const {
  return run_->sent;
}

std::uint64_t EventRecorder::dropped() const {
  return run_->dropped;
}

}  // namespace meridian::kube
