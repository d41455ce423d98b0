#include "kube/reflector.hpp"

#include <spdlog/spdlog.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <stdexcept>
#include <utility>
#include <vector>

#include "kube/backoff.hpp"
#include "kube/collection.hpp"
#include "kube/object_reader.hpp"
#include "kube/object_scanner.hpp"
#include "kube/refusal.hpp"

namespace meridian::kube {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

// A watch that lived for this long was no accident: the next one follows it at once.
constexpr std::chrono::seconds kSettled{5};
// Watches in a row that told nothing: the server may not know the version that they began at.
constexpr unsigned kMostBarren = 3;
constexpr std::uint64_t kEnvelope = 64;  // {"type":"MODIFIED","object":}

// The Status of an ERROR event, as it would have come without a stream around it.
Response status_response(const json::object& status) {
  const auto* found = status.if_contains("code");
  json::error_code error;
  const auto code = found ? found->to_number<unsigned>(error) : 0;
  return {error ? 0 : code, json::serialize(status), std::nullopt};
}

}  // namespace

// follow() is the protocol, top to bottom; it alone waits, and owns every retry. Others leave it wishes, and interrupt
// its waits by its cancellation slot.
struct Reflector::Run {
  Run(asio::io_context& loop_, Api& api, Resource resource, std::uint64_t object_size_, Listener& listener_,
      ReflectorTimes times_)
      : loop(loop_),
        collection(api, std::move(resource), object_size_),
        object_size(object_size_),
        listener(listener_),
        times(times_),
        backoff(times.first_pause, times.longest_pause),
        timer(loop_) {}

  static asio::awaitable<void> follow(std::shared_ptr<Run> run);
  asio::awaitable<void> rest();
  asio::awaitable<void> list();
  asio::awaitable<void> watch();
  asio::awaitable<void> read_events(Stream& stream);

  void take_event(json::object event, std::string fault);
  void pass_over(json::object identity, std::string what);
  void watch_ended(steady_clock::duration lived, const std::string& broken);
  void refused(const Refusal& answer);
  void failed(const std::string& why, std::optional<std::chrono::seconds> retry_after = std::nullopt);
  void went_well();

  asio::io_context& loop;
  Collection collection;
  const std::uint64_t object_size;
  Listener& listener;
  const ReflectorTimes times;
  State state;

  std::vector<std::string> versions;  // of the API: served, and not found to lack the resource; the first is used
  std::string position;               // the resourceVersion to watch from; empty: list first
  Backoff backoff;
  milliseconds pause{0};  // before the next try
  unsigned barren = 0;    // watches that told nothing, since one told something
  bool spoke = false;     // the watch told something

  asio::steady_timer timer;
  asio::cancellation_signal signal;
  bool stopped = false;
  bool relist_wanted = false;  // by somebody who waits for a list that has not begun
  bool relist_owed = false;    // ... that has begun
  bool interruptible = false, interrupted = false;
};

asio::awaitable<void> Reflector::Run::follow(std::shared_ptr<Run> run) {
  auto& it = *run;
  while (!it.stopped) {
    try {
      co_await asio::this_coro::reset_cancellation_state();  // relist() ends a wait, and not us
      it.interrupted = false;
      co_await it.rest();
      if (it.stopped) break;  // a timer that had fired ends as ever, and the Api may be gone by then
      if (std::exchange(it.relist_wanted, false)) {
        it.relist_owed = true;
        it.position.clear();
      }
      if (it.versions.empty()) it.versions = co_await it.collection.versions();
      if (it.position.empty()) co_await it.list();
      if (!it.stopped && !it.relist_wanted) co_await it.watch();  // returns when the server hangs up
    } catch (const Refusal& answer) {
      it.refused(answer);
    } catch (const std::exception& error) {
      // Who was away may come back with another past, a restored backup: what was told before is held against a list.
      if (!it.interrupted) it.position.clear();
      if (!it.interrupted) it.failed(error.what());
    }
    it.interruptible = false;
    if (it.interrupted) it.pause = milliseconds(0);
  }
}

asio::awaitable<void> Reflector::Run::rest() {
  if (pause.count() == 0) co_return;
  timer.expires_after(std::exchange(pause, milliseconds(0)));
  interruptible = true;
  co_await timer.async_wait(asio::use_awaitable);
  interruptible = false;
}

// All of it, in pages that are one moment's.
asio::awaitable<void> Reflector::Run::list() {
  if (stopped) co_return;
  listener.list_begins();
  ObjectReader items(
      object_size,
      [this](json::object item) {
        if (!stopped) listener.listed(std::move(item));
      },
      [this](json::object identity, std::string what) { pass_over(std::move(identity), std::move(what)); });
  std::string next, version;
  do {
    const auto page = co_await collection.page(versions.front(), std::move(next), items);
    if (stopped) co_return;
    if (version.empty()) version = metadata_of(page, "resourceVersion");
    next = metadata_of(page, "continue");
    state.last_contact = steady_clock::now();
  } while (!next.empty());
  if (version.empty()) throw std::runtime_error("the API server sent a list without a resourceVersion");
  position = std::move(version);
  state.version = versions.front();
  state.listed = true;
  ++state.lists;
  relist_owed = false;
  went_well();
  if (!stopped) listener.list_ends();
}

asio::awaitable<void> Reflector::Run::watch() {
  interruptible = true;
  const auto stream = co_await collection.watch(versions.front(), position);
  if (stopped) co_return;
  ++state.watches;
  spoke = false;
  went_well();
  const auto began = steady_clock::now();
  std::string broken;
  try {
    co_await read_events(*stream);
  } catch (const Unreachable& error) {
    broken = error.what();
  } catch (const ObjectScanner::Malformed& error) {
    broken = error.what();
  }
  if (!interrupted) watch_ended(steady_clock::now() - began, broken);
}

asio::awaitable<void> Reflector::Run::read_events(Stream& stream) {
  ObjectReader events(
      object_size, [this](json::object event) { take_event(std::move(event), {}); },
      [this](json::object identity, std::string fault) { take_event(std::move(identity), std::move(fault)); });
  ObjectScanner scanner(ObjectScanner::Form::Stream, object_size + kEnvelope, events);
  while (!stopped && !relist_wanted) {
    const auto octets = co_await stream.read(times.silence);
    if (octets.empty()) co_return;  // as it should: timeoutSeconds. Half an object may be left, and is told again.
    scanner.feed(octets);
  }
}

// `fault`: why only the identity is left of its object; else empty.
void Reflector::Run::take_event(json::object event, std::string fault) {
  if (stopped) return;
  auto* found = event.if_contains("object");
  auto* object = found ? found->if_object() : nullptr;
  const auto type = text_at(event, "type");
  if (!object) return pass_over({}, fault.empty() ? "is an event without an object" : std::move(fault));
  if (type == "ERROR") throw refusal_of(collection.resource(), status_response(*object));
  spoke = true;
  backoff.reset();
  state.last_contact = steady_clock::now();
  // Told or not, this is where to go on: what was passed over would be so again.
  if (const auto version = metadata_of(*object, "resourceVersion"); !version.empty()) position = version;
  if (type == "BOOKMARK") return;
  ++state.events;
  if (type == "DELETED") return listener.deleted(std::move(*object));  // whose name is enough
  if (!fault.empty()) return pass_over(std::move(*object), std::move(fault));
  if (type == "ADDED" || type == "MODIFIED") listener.changed(std::move(*object));
}

void Reflector::Run::pass_over(json::object identity, std::string what) {
  if (stopped) return;
  ++state.skipped;
  listener.skipped(std::move(identity), std::move(what));
}

// A stream that breaks says little about the server: the next request will. But one that told nothing may be of a
// version that the server never had (a backup was restored): such a watch is an empty stream.
void Reflector::Run::watch_ended(steady_clock::duration lived, const std::string& broken) {
  if (stopped) return;
  if (broken.empty()) {
    state.last_contact = steady_clock::now();
  } else {
    ++state.failures;
    spdlog::debug("{}: a watch broke off: {}", collection.resource().plural, broken);
  }
  barren = spoke ? 0 : barren + 1;
  if (barren >= kMostBarren || (!spoke && lived >= times.silence)) {
    barren = 0;
    position.clear();
  }
  if (lived >= kSettled) backoff.reset();
  pause = lived >= kSettled && broken.empty() ? milliseconds(0) : backoff.next();
}

void Reflector::Run::refused(const Refusal& answer) {
  if (answer.status == 410) {  // the position is too old, or that of a page: no failure
    ++state.expired;
    position.clear();
    pause = backoff.next(answer.retry_after);
    return;
  }
  if (answer.status == 404) {
    position.clear();
    if (versions.size() > 1) return void(versions.erase(versions.begin()));  // the group has this version for others
    versions.clear();
  }
  const bool position_may_be_wrong = answer.status == 400 || answer.status == 500 || answer.status == 504;
  if (position_may_be_wrong && ++barren >= kMostBarren) {
    barren = 0;
    position.clear();
  }
  failed(answer.what(), answer.retry_after);
}

void Reflector::Run::failed(const std::string& why, std::optional<std::chrono::seconds> retry_after) {
  if (stopped) return;
  ++state.failures;
  pause = backoff.next(retry_after);
  const bool news = state.up || state.trouble != why;
  state.up = false;
  state.trouble = why;
  if (std::exchange(relist_owed, false) || news) listener.state_changed();
}

void Reflector::Run::went_well() {
  if (stopped) return;
  state.last_contact = steady_clock::now();
  if (std::exchange(state.up, true)) return;
  state.trouble.clear();
  listener.state_changed();
}

Reflector::Reflector(asio::io_context& loop, Api& api, Resource resource, std::uint64_t object_size, Listener& listener,
                     ReflectorTimes times)
    : run_(std::make_shared<Run>(loop, api, std::move(resource), object_size, listener, times)) {}

Reflector::~Reflector() {
  stop();
}

void Reflector::start() {
  asio::co_spawn(run_->loop, Run::follow(run_), asio::bind_cancellation_slot(run_->signal.slot(), asio::detached));
}

// Waits are ended in a turn of their own: we may have been called by what follow() calls.
void Reflector::relist() {
  run_->relist_wanted = true;
  asio::post(run_->loop, [run = run_] {
    if (!run->interruptible || !run->relist_wanted) return;
    run->interrupted = true;
    run->signal.emit(asio::cancellation_type::terminal);
  });
}

void Reflector::stop() {
  if (std::exchange(run_->stopped, true)) return;
  asio::post(run_->loop, [run = run_] { run->signal.emit(asio::cancellation_type::terminal); });
}

const Reflector::State& Reflector::state() const {
  return run_->state;
}

}  // namespace meridian::kube
