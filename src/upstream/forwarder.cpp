#include "upstream/forwarder.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <boost/container/small_vector.hpp>
#include <boost/unordered/unordered_flat_map.hpp>
#include <utility>

#include <meridian/dns/keepable.hpp>

#include "upstream/exchange.hpp"
#include "upstream/forward_zones.hpp"
#include "upstream/loop_probe.hpp"
#include "upstream/timing_wheel.hpp"

namespace meridian::upstream {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Time = Forwarder::Time;

constexpr milliseconds kHealthProbeBudget{500};  // `. NS` (behaviour, section 1)
constexpr milliseconds kLateReplies{3000};       // how long after its send a reply still tells us that a server lives
// How long nobody is asked again (RFC 9520, 3.2: 1 s at least). Silence ends when a server is back, which clients
// should see at once; a server that says SERVFAIL has a trouble of its own, which takes longer.
constexpr seconds kPauseAfterSilence{1};
constexpr seconds kPauseAfterServFail{5};
constexpr std::string_view kFromCache = "cache";

// The budget less what the way back to the client takes.
milliseconds with_margin(milliseconds budget) {
  return budget - std::min(milliseconds(50), budget / 10);
}

// CoreDNS asks this to find out whether we live.
bool is_health_probe(const dns::Query& query) {
  return query.name.labels == 0 && query.type == dns::Type::NS && query.klass == dns::Class::IN;
}

dns::TtlLimits ttl_limits(const config::Forward::Cache& cache) {
  const auto count = [](seconds ttl) { return static_cast<std::uint32_t>(ttl.count()); };
  return {count(cache.max_ttl), count(cache.min_ttl), count(cache.negative_max_ttl)};
}

bool is_failure(const Result& result) {
  return !result.reply || result.reply->rcode == dns::Rcode::ServFail;
}

}  // namespace

struct Forwarder::Impl final : Exchange::Owner {
  using Room = std::array<std::uint8_t, dns::kMaxMessage>;
  struct Asker {
    ClientPtr client;  // null: nobody waits
    Time since;
  };
  // A question, and the clients of this worker that wait for its end.
  struct Waiting {
    QuestionPtr question;
    bool ours = false;  // the mark is: we ask, and tell other workers
    boost::container::small_vector<Asker, 1> askers;
  };

  Impl(boost::asio::io_context& io, const config::Forward& forward, SharedState& all, stats::WorkerCounters& numbers)
      : loop(io), shared(all), counters(numbers), wheel(io, [this](std::uint64_t number) { ring(number); }) {
    inbox = std::make_shared<Inbox>([this](const QuestionKey& key, EndingPtr ending) {
      later([this, octets = std::string(key.octets), hash = key.hash, end = std::move(ending)] {
        finish({octets, hash}, {end->reply ? &*end->reply : nullptr, end->error, {}}, Health::Clock::now());
      });
    });
    apply(forward);
  }

  ~Impl() override { abandon(); }

  void abandon() {
    inbox->close();
    for (const auto& [key, of] : std::exchange(waiting, {})) {
      if (of.ours) tell_others(*of.question, failure_of_ours());
      leave(of.askers.size());
    }
  }

  void apply(const config::Forward& forward) {
    settings = forward;
    limits = ttl_limits(forward.cache);
    const auto make = [this](const config::Forward::Server& server) {
      const Upstream::Means means{loop, entropy, counters, shared.tls};
      return std::make_shared<Upstream>(means, server, std::max(kLateReplies, settings.timeout));
    };
    const auto watch = shared.watch_loops ? loop_watch(shared.loops) : UpstreamGroup::WatchLoop();
    const ForwardZones::Means means{make, shared.is_ours, watch, entropy};
    zones = std::make_unique<ForwardZones>(forward, means, zones.get());
  }

  // ---- What is known already ----------------------------------------------------------------------------------------

  std::optional<Result> cached(const dns::Query& query, Time now) {
    const auto found = shared.cache.find(shared.cache.key_of(query), now, room);
    known = found.reply;
    switch (found.state) {
      case Cache::State::Fresh:
        (found.denial ? counters.cache_denials : counters.cache_hits).add();
        if (found.refresh) refresh(query, now);
        return Result{&known, std::nullopt, kFromCache};
      case Cache::State::Failed:
        counters.cache_failures.add();
        return Result{nullptr, found.error, kFromCache};
      case Cache::State::Expired:
        // Nobody waits for those that did not answer before, nor is turned away where there is an old answer.
        if (!found.failed_before && !full() && !zones->group_of(query.name).dead()) break;
        refresh(query, now);
        [[fallthrough]];
      case Cache::State::Stale:
        counters.cache_stale.add();
        return Result{&known, dns::ExtendedError::StaleAnswer, kFromCache};
      case Cache::State::Missing:
        break;
    }
    counters.cache_misses.add();
    return std::nullopt;
  }

  void refresh(const dns::Query& query, Time now) {
    const auto question = std::make_shared<const Question>(query, shared.cache.key_of(query));
    if (waiting.contains(question->key()) || !enter()) return;
    counters.cache_prefetches.add();
    begin(query, question, now, nullptr);
  }

  // ---- Asking ------------------------------------------------------------------------------------------------------

  void ask(const dns::Query& query, Time now, ClientPtr client) {
    if (shared.loops.caught(query)) {
      counters.upstream_loops.add();
      return refuse(dns::ExtendedError::NoReachableAuthority, std::move(client));
    }
    if (!enter()) {
      counters.forward_refused_busy.add();
      return refuse(dns::ExtendedError::Other, std::move(client));
    }
    begin(query, std::make_shared<const Question>(query, shared.cache.key_of(query)), now, std::move(client));
  }

  bool full() const { return shared.waiting.load(std::memory_order_relaxed) >= settings.max_in_flight; }

  // One more that waits; false: too many do.
  bool enter() {
    if (shared.waiting.fetch_add(1, std::memory_order_relaxed) >= settings.max_in_flight) {
      shared.waiting.fetch_sub(1, std::memory_order_relaxed);
      return false;
    }
    counters.forward_in_flight.add(1);
    return true;
  }

  void leave(std::size_t clients) {
    shared.waiting.fetch_sub(static_cast<std::uint32_t>(clients), std::memory_order_relaxed);
    counters.forward_in_flight.add(-static_cast<std::int64_t>(clients));
  }

  void begin(const dns::Query& query, const QuestionPtr& question, Time now, ClientPtr client) {
    const auto [found, first_here] = waiting.try_emplace(question->key(), Waiting{question, false, {}});
    auto& mine = found->second;
    mine.askers.push_back({std::move(client), now});
    if (first_here) mine.ours = shared.questions.join(question->key(), inbox);
    if (!first_here || !mine.ours) return counters.coalesced.add();

    auto& group = zones->group_of(query.name);
    auto choice = group.choose(now);
    const bool probe = is_health_probe(query);
    if (choice.order.empty() || (probe && group.dead())) {
      later([this, question] { settle(*question, failure_of_ours(), Health::Clock::now()); });
      return;
    }
    counters.forwarded.add();
    const auto budget = with_margin(probe ? std::min(kHealthProbeBudget, settings.timeout) : settings.timeout);
    const Exchange::Limits all{settings.attempt_timeout, budget, settings.case_randomization};
    const auto exchange =
        std::make_shared<Exchange>(next_number++, *this, entropy, counters, all, question, std::move(choice));
    exchanges.emplace(exchange->number(), exchange);
    exchange->start(now);
  }

  void refuse(dns::ExtendedError error, ClientPtr client) {
    later([error, who = std::move(client)] { who->answered({nullptr, error, {}}); });
  }

  template <class Action>
  void later(Action action) {
    boost::asio::post(loop, [does = std::move(action), weak = std::weak_ptr(alive)]() mutable {
      if (!weak.expired()) does();
    });
  }

  // ---- Exchange::Owner ---------------------------------------------------------------------------------------------

  void wake_at(Time time, const Exchange& exchange) override { wheel.set(time, exchange.number()); }

  void ring(std::uint64_t number) {
    const auto found = exchanges.find(number);
    if (found == exchanges.end()) return;  // it has ended in time, as most do
    const auto exchange = found->second;
    exchange->woken(Health::Clock::now());
  }

  void ended(const Exchange& exchange, const Exchange::End& end, Time now) override {
    const auto question = exchange.question();
    const std::string_view from = end.from ? std::string_view(end.from->name()) : std::string_view();
    Result result{end.reply, std::nullopt, from};
    if (is_failure(result)) {
      result.error = end.error;
      return failed(*question, result, now);
    }
    const auto kept = keep(*question, end.octets, *end.reply, now);
    if (kept) result.reply = &kept->reply;
    settle(*question, result, now);
  }

  void late(const Exchange& exchange, std::span<std::uint8_t> octets, const dns::Reply& reply, Time now) override {
    keep(*exchange.question(), octets, reply, now);
  }

  void gone(const Exchange& exchange) override { exchanges.erase(exchange.number()); }

  // ---- The end of a question ---------------------------------------------------------------------------------------

  std::optional<dns::Keepable> keep(const Question& question, std::span<std::uint8_t> octets, const dns::Reply& reply,
                                    Time now) {
    auto kept = dns::keep(octets, reply, limits);
    if (kept) shared.cache.store(question.cache_key(), *kept, now);
    return kept;
  }

  // Remembered for a moment; and told only if there is no answer of before (RFC 8767, 5).
  void failed(const Question& question, const Result& result, Time now) {
    const auto key = question.cache_key();
    shared.cache.failed(key, *result.error, result.reply ? kPauseAfterServFail : kPauseAfterSilence, now);
    const auto old = std::make_unique_for_overwrite<Room>();
    const auto found = shared.cache.find(key, now, *old);
    switch (found.state) {
      case Cache::State::Fresh:  // another worker's, or one that came too late
        return settle(question, {&found.reply, std::nullopt, kFromCache}, now);
      case Cache::State::Stale:
        counters.cache_stale.add();
        return settle(question, {&found.reply, dns::ExtendedError::StaleAnswer, kFromCache}, now);
      default:
        return settle(question, result, now);
    }
  }

  void settle(const Question& question, const Result& result, Time now) {
    tell_others(question, result);
    finish(question.key(), result, now);
  }

  void tell_others(const Question& question, const Result& result) {
    const auto others = shared.questions.settle(question.key());
    if (others.empty()) return;
    const auto ending = std::make_shared<Ending>();
    ending->error = result.error;
    if (result.reply) {
      ending->octets.assign(result.reply->octets.begin(), result.reply->octets.end());
      ending->reply = *result.reply;
      ending->reply->octets = ending->octets;
    }
    for (const auto& other : others) other->tell(question.key(), ending);
  }

  // Tells the clients of this worker.
  void finish(const QuestionKey& key, Result result, Time now) {
    const auto found = waiting.find(key);
    if (found == waiting.end()) return;
    const auto question = std::move(found->second);  // a client may ask the same again from inside done()
    waiting.erase(found);
    leave(question.askers.size());
    for (const auto& asker : question.askers) {
      if (!asker.client) continue;
      result.took = std::chrono::duration_cast<std::chrono::microseconds>(now - asker.since);
      if (is_failure(result)) counters.forward_failed.add();
      count_latency(result.took);
      asker.client->answered(result);
    }
  }

  void count_latency(std::chrono::microseconds took) {
    const std::chrono::duration<double, std::milli> ms = took;
    const auto& bounds = stats::kForwardLatencyBounds;
    const auto cell = std::lower_bound(bounds.begin(), bounds.end(), ms.count()) - bounds.begin();
    counters.forward_latency[static_cast<std::size_t>(cell)].add();
    counters.forward_latency_sum_us.add(static_cast<std::uint64_t>(took.count()));
  }

  static Result failure_of_ours() { return {nullptr, dns::ExtendedError::NoReachableAuthority, {}}; }

  boost::asio::io_context& loop;
  SharedState& shared;
  stats::WorkerCounters& counters;
  config::Forward settings;
  dns::TtlLimits limits;
  Entropy entropy;
  std::unique_ptr<ForwardZones> zones;  // before the exchanges: they end first
  TimingWheel wheel;
  boost::unordered_flat_map<std::uint64_t, std::shared_ptr<Exchange>> exchanges;  // until they are gone
  boost::unordered_flat_map<QuestionKey, Waiting, QuestionKey::Hash> waiting;     // keys lie in their questions
  std::uint64_t next_number = 0;
  InboxPtr inbox;
  dns::Reply known;  // of cached(), in the room
  Room room;
  const std::shared_ptr<const bool> alive = std::make_shared<const bool>(true);
};

Forwarder::Forwarder(boost::asio::io_context& loop, const config::Forward& settings, SharedState& shared,
                     stats::WorkerCounters& counters)
    : impl_(std::make_unique<Impl>(loop, settings, shared, counters)) {}

Forwarder::~Forwarder() = default;

std::optional<Result> Forwarder::cached(const dns::Query& query, Time now) {
  return impl_->cached(query, now);
}

void Forwarder::ask(const dns::Query& query, Time now, ClientPtr client) {
  impl_->ask(query, now, std::move(client));
}

void Forwarder::abandon() {
  impl_->abandon();
}

void Forwarder::reload(const config::Forward& settings) {
  impl_->apply(settings);
}

std::vector<UpstreamState> Forwarder::state() const {
  std::vector<UpstreamState> all;
  for (const auto& [key, group] : impl_->zones->groups()) {
    for (std::size_t place = 0; place < group->servers().size(); ++place) {
      const auto& upstream = *group->servers()[place];
      const std::chrono::duration<double, std::milli> rtt = upstream.health().rtt();
      all.push_back({upstream.name(), group->zone(), rtt.count(), !upstream.health().suspect(), group->looping(place),
                     upstream.queries(), upstream.failures()});
    }
  }
  return all;
}

std::size_t Forwarder::in_flight() const {
  return impl_->waiting.size();
}

}  // namespace meridian::upstream
