#include "kube/write_back.hpp"

#include <algorithm>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/system_error.hpp>
#include <utility>

#include "kube/write_queue.hpp"

namespace meridian::kube {
namespace {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kLookAgain{1};  // whether we may write

void count(WriteBack::Counts& counts, const WriteQueue::Write& write, Verdict::Kind kind) {
  using Kind = Verdict::Kind;
  switch (kind) {
    case Kind::Done:
      ++(write.address ? counts.written : counts.taken_back);
      break;
    case Kind::Conflict:
      ++counts.conflicts;
      break;
    case Kind::Forbidden:
      ++counts.forbidden;
      break;
    case Kind::Denied:
    case Kind::NotKept:
      ++counts.denied;
      break;
    case Kind::Invalid:
      ++counts.invalid;
      break;
    case Kind::Gone:
      ++counts.gone;
      break;
    case Kind::Failed:
    case Kind::NotServed:
      ++counts.failed;
      break;
    case Kind::Throttled:
      ++counts.throttled;
      break;
    case Kind::Unreachable:
      ++counts.unreachable;
      break;
  }
}

}  // namespace

// Up to kMostInFlight coroutines take writes from the queue for as long as some are due; a timer starts them again when
// the next one is. A call only ever sets the timer.
struct WriteBack::Run : std::enable_shared_from_this<Run> {
  Run(asio::io_context& io, Api& server, Refused tell) : loop(io), api(server), refused(std::move(tell)), timer(io) {}

  bool permitted() const { return !stopped && enabled && (!may_write || may_write()); }
  void set_timer(Clock::time_point soonest = {});
  void start_workers();
  static asio::awaitable<void> work(std::shared_ptr<Run> run);
  static asio::awaitable<Verdict> attempt(Api& api, Request request, std::optional<std::string> address);

  asio::io_context& loop;
  Api& api;
  Refused refused;
  std::function<bool()> may_write{};
  std::string version = "v1";
  WriteQueue queue;
  Counts counts;
  asio::steady_timer timer;
  std::optional<Clock::time_point> set_for;  // the timer
  unsigned workers = 0;
  bool enabled = false, stopped = false;
};

void WriteBack::Run::set_timer(Clock::time_point soonest) {
  if (stopped || !enabled || workers == kMostInFlight) return;  // the last worker sets it
  const auto due = queue.next_due();
  if (!due) return;
  const auto when = std::max(*due, soonest);
  if (set_for && *set_for <= when) return;
  set_for = when;
  timer.expires_at(when);
  timer.async_wait([self = shared_from_this()](boost::system::error_code cancelled) {
    if (cancelled || self->stopped) return;
    self->set_for.reset();
    self->start_workers();
  });
}

void WriteBack::Run::start_workers() {
  const std::size_t idle = kMostInFlight - workers;
  for (std::size_t left = std::min(idle, queue.pending()); left > 0; --left) {
    ++workers;
    asio::co_spawn(loop, work(shared_from_this()), asio::detached);
  }
}

asio::awaitable<void> WriteBack::Run::work(std::shared_ptr<Run> run) {
  bool permitted = false;
  while ((permitted = run->permitted())) {
    const auto write = run->queue.take(Clock::now());
    if (!write) break;
    Verdict verdict;
    const std::string version = run->version;
    try {
      auto request = apply_addresses(write->entry, version, write->address);
      verdict = co_await attempt(run->api, std::move(request), write->address);
    } catch (const boost::system::system_error&) {
      co_return;  // aborted: the api was stopped, and we with it
    }
    if (run->stopped) co_return;
    count(run->counts, *write, verdict.kind);
    if (verdict.kind == Verdict::Kind::NotServed && version == run->version) run->version = other_version(version);
    const bool told = run->queue.finish(*write, verdict, Clock::now());
    if (told && run->refused) run->refused(write->entry, verdict.text);
  }
  --run->workers;
  run->set_timer(permitted ? Clock::time_point{} : Clock::now() + kLookAgain);
}

asio::awaitable<Verdict> WriteBack::Run::attempt(Api& api, Request request, std::optional<std::string> address) {
  std::string trouble;
  try {
    co_return judge(co_await api.send(std::move(request)), address);
  } catch (const boost::system::system_error& e) {
    if (e.code() == asio::error::operation_aborted) throw;
    trouble = e.what();
  } catch (const std::exception& e) {
    trouble = e.what();
  }
  co_return Verdict{.kind = Verdict::Kind::Unreachable, .text = trouble};
}

WriteBack::WriteBack(asio::io_context& loop, Api& api, Refused refused)
    : run_(std::make_shared<Run>(loop, api, std::move(refused))) {}

WriteBack::~WriteBack() {
  stop();
}

void WriteBack::want(const ObjectRef& entry, const std::optional<std::string>& address,
                     const std::optional<std::string>& current) {
  run_->queue.want(entry, address, current, Clock::now());
  run_->set_timer();
}

void WriteBack::forget(const std::string& space, const std::string& name) {
  run_->queue.forget(space, name);
}

void WriteBack::serve_version(std::string version) {
  run_->version = std::move(version);
}

void WriteBack::enable(bool on) {
  run_->enabled = on;
  run_->set_timer();
}

void WriteBack::only_while(std::function<bool()> permitted) {
  run_->may_write = std::move(permitted);
}

void WriteBack::stop() {
  run_->stopped = true;
  run_->timer.cancel();
}

std::size_t WriteBack::pending() const {
  return run_->queue.pending();
}

const WriteBack::Counts& WriteBack::counts() const {
  return run_->counts;
}

}  // namespace meridian::kube
