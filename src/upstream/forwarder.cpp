#include "upstream/forwarder.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <string_view>
#include <unordered_map>
#include <utility>

#include <meridian/dns/name.hpp>

#include "upstream/exchange.hpp"

namespace meridian::upstream {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds kHealthProbeBudget{500};  // `. NS` (behaviour, section 1)
constexpr milliseconds kLateReplies{3000};       // how long after its send a reply still tells us that a server lives

// The budget less what the way back to the client takes.
milliseconds with_margin(milliseconds budget) {
  return budget - std::min(milliseconds(50), budget / 10);
}

std::string_view as_text(std::span<const std::uint8_t> octets) {
  return {reinterpret_cast<const char*>(octets.data()), octets.size()};
}

// CoreDNS asks this to find out whether we live.
bool is_health_probe(const dns::Query& query) {
  return query.name.labels == 0 && query.type == dns::Type::NS && query.klass == dns::Class::IN;
}

}  // namespace

struct Forwarder::Impl {
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;  // looked up in place, without a std::string for each suffix of a name
  };
  // By the folded wire form of the suffix.
  using Groups = std::unordered_map<std::string, std::unique_ptr<UpstreamGroup>, Hash, std::equal_to<>>;

  Impl(boost::asio::io_context& io, const config::Forward& forward, InFlight& all, stats::WorkerCounters& numbers)
      : loop(io), in_flight(all), counters(numbers) {
    apply(forward);
  }

  ~Impl() {
    counters.forward_in_flight.add(-static_cast<std::int64_t>(exchanges.size()));
    in_flight.count.fetch_sub(static_cast<std::uint32_t>(exchanges.size()), std::memory_order_relaxed);
  }

  void apply(const config::Forward& forward) {
    settings = forward;
    Groups next;
    make_group(next, ".", forward.upstreams);
    for (const auto& [zone, upstreams] : forward.zones) make_group(next, zone, upstreams);
    groups = std::move(next);
  }

  void make_group(Groups& into, const std::string& zone, const std::vector<config::Forward::Upstream>& upstreams) {
    const auto name = dns::Name::from_text(zone);
    if (!name) return;  // the configuration has refused it already
    const std::string key(as_text(name->folded().wire()));
    const auto before = groups.find(key);
    const auto make = [this](const config::Forward::Server& server) {
      return std::make_shared<Upstream>(loop, server, std::max(kLateReplies, settings.timeout), entropy);
    };
    into[key] = std::make_unique<UpstreamGroup>(name->to_text(), upstreams, settings.policy, make, entropy,
                                                before == groups.end() ? nullptr : before->second.get());
  }

  // The most specific suffix of the name that has servers of its own; the root always has an entry.
  UpstreamGroup& group_of(const dns::FoldedName& name) {
    for (unsigned skip = 0; skip < name.labels; ++skip) {
      const auto found = groups.find(as_text(name.suffix(skip)));
      if (found != groups.end()) return *found->second;
    }
    return *groups.find(std::string(1, '\0'))->second;
  }

  void ask(const dns::Query& query, Done done) {
    auto& group = group_of(query.name);
    auto choice = group.choose(Health::Clock::now());
    const bool probe = is_health_probe(query);
    if (choice.order.empty() || (probe && group.dead()))
      return refuse(dns::ExtendedError::NoReachableAuthority, std::move(done));
    if (in_flight.count.fetch_add(1, std::memory_order_relaxed) >= settings.max_in_flight) {
      in_flight.count.fetch_sub(1, std::memory_order_relaxed);
      counters.forward_refused_busy.add();
      return refuse(dns::ExtendedError::Other, std::move(done));
    }
    counters.forwarded.add();
    counters.forward_in_flight.add(1);

    Question question;
    question.octets.assign(query.question.begin(), query.question.end());
    question.checking_disabled = query.checking_disabled;
    question.dnssec_ok = query.edns && query.edns->dnssec_ok;
    const auto budget = with_margin(probe ? std::min(kHealthProbeBudget, settings.timeout) : settings.timeout);
    const auto number = next_number++;
    const auto exchange = std::make_shared<Exchange>(
        Exchange::Means{loop, entropy, counters},
        Exchange::Limits{settings.attempt_timeout, budget, settings.case_randomization}, std::move(question),
        std::move(choice), [this, number, asked = Health::Clock::now(), user = std::move(done)](const Result& result) {
          ended(number, asked, result);
          user(result);  // may destroy the forwarder
        });
    exchanges.emplace(number, exchange);
    exchange->start();
  }

  void ended(std::uint64_t number, Health::Time asked, const Result& result) {
    exchanges.erase(number);
    in_flight.count.fetch_sub(1, std::memory_order_relaxed);
    counters.forward_in_flight.add(-1);
    if (!result.reply || result.reply->rcode == dns::Rcode::ServFail) counters.forward_failed.add();

    const std::chrono::duration<double, std::milli> took = Health::Clock::now() - asked;
    const auto& bounds = stats::kForwardLatencyBounds;
    const auto cell = std::lower_bound(bounds.begin(), bounds.end(), took.count()) - bounds.begin();
    counters.forward_latency[static_cast<std::size_t>(cell)].add();
    counters.forward_latency_sum_us.add(static_cast<std::uint64_t>(took.count() * 1000));
  }

  void refuse(dns::ExtendedError error, Done done) {
    boost::asio::post(loop, [error, user = std::move(done), weak = std::weak_ptr(alive)] {
      if (!weak.expired()) user({nullptr, error, {}});
    });
  }

  boost::asio::io_context& loop;
  InFlight& in_flight;
  stats::WorkerCounters& counters;
  config::Forward settings;
  Entropy entropy;
  Groups groups;  // before the exchanges: they end first
  std::unordered_map<std::uint64_t, std::shared_ptr<Exchange>> exchanges;
  std::uint64_t next_number = 0;
  const std::shared_ptr<const bool> alive = std::make_shared<const bool>(true);
};

Forwarder::Forwarder(boost::asio::io_context& loop, const config::Forward& settings, InFlight& in_flight,
                     stats::WorkerCounters& counters)
    : impl_(std::make_unique<Impl>(loop, settings, in_flight, counters)) {}

Forwarder::~Forwarder() = default;

void Forwarder::ask(const dns::Query& query, Done done) {
  impl_->ask(query, std::move(done));
}

void Forwarder::reload(const config::Forward& settings) {
  impl_->apply(settings);
}

std::vector<UpstreamState> Forwarder::state() const {
  std::vector<UpstreamState> all;
  for (const auto& [key, group] : impl_->groups) {
    for (const auto& upstream : group->servers()) {
      const std::chrono::duration<double, std::milli> rtt = upstream->health().rtt();
      all.push_back({upstream->name(), group->zone(), rtt.count(), !upstream->health().suspect(), false,
                     upstream->queries(), upstream->failures()});
    }
  }
  return all;
}

std::uint32_t Forwarder::in_flight() const {
  return static_cast<std::uint32_t>(impl_->exchanges.size());
}

}  // namespace meridian::upstream
