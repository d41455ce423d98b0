#include "upstream/simulated_servers.hpp"

#include <algorithm>

namespace meridian::test {

using upstream::Health;

namespace {

constexpr milliseconds kBudget{1750};
constexpr milliseconds kAttempt{600};
constexpr milliseconds kForgotten{3000};
constexpr unsigned kTries = 3;

std::vector<config::Forward::Upstream> addresses(std::size_t count) {
  std::vector<config::Forward::Upstream> all;
  for (std::size_t i = 1; i <= count; ++i)
    all.push_back(
        config::Forward::Server(config::Endpoint{boost::asio::ip::make_address("10.0.0." + std::to_string(i)), 53}));
  return all;
}

}  // namespace

struct SimulatedServers::Asked {
  Time at;
  upstream::ServerOrder order;
  std::vector<unsigned> tries;
  std::vector<bool> refused;
  double luck = 0;  // of its name
  bool done = false;
};

SimulatedServers::SimulatedServers(std::vector<Simulated> servers, config::Forward::Policy policy)
    : servers_(std::move(servers)),
      seen_(servers_.size()),
      group_(".", addresses(servers_.size()), policy, maker_.make(), maker_.entropy, nullptr) {}

milliseconds SimulatedServers::now() const {
  return std::chrono::duration_cast<milliseconds>(now_ - start_);
}

void SimulatedServers::forget() {
  seen_.assign(servers_.size(), {});
  questions_ = answered_ = long_ = 0;
  total_ms_ = 0;
}

void SimulatedServers::run(milliseconds every, milliseconds length) {
  for (milliseconds at{0}; at < length; at += every) after(at, [this] { ask(); });
  const auto end = now_ + length;
  while (!events_.empty() && events_.top().at <= end) {
    const auto event = events_.top();
    events_.pop();
    now_ = event.at;
    event.what();
  }
  now_ = end;
}

void SimulatedServers::after(milliseconds delay, std::function<void()> what) {
  events_.push({now_ + delay, number_++, std::move(what)});
}

std::size_t SimulatedServers::place_of(const upstream::UpstreamPtr& server) const {
  return static_cast<std::size_t>(std::find(group_.servers().begin(), group_.servers().end(), server) -
                                  group_.servers().begin());
}

void SimulatedServers::ask() {
  auto choice = group_.choose(now_);
  const auto asked = std::make_shared<Asked>();
  asked->at = now_;
  asked->luck = std::uniform_real_distribution<>(0, 1)(random_);
  asked->order = std::move(choice.order);
  asked->tries.resize(asked->order.size());
  asked->refused.resize(asked->order.size());
  ++questions_;
  ++seen_[place_of(asked->order[0])].first;
  if (choice.probe) {
    ++seen_[place_of(choice.probe)].copies;
    for (std::size_t i = 0; i < asked->order.size(); ++i)
      if (asked->order[i] == choice.probe) attempt(asked, i, false);
  }
  next(asked);
  after(kBudget, [this, asked] { long_ += !std::exchange(asked->done, true); });
}

void SimulatedServers::next(const std::shared_ptr<Asked>& asked) {
  std::size_t best = asked->order.size();
  for (std::size_t i = 0; i < asked->order.size(); ++i) {
    if (asked->refused[i] || asked->tries[i] >= kTries) continue;
    if (best == asked->order.size() || asked->tries[i] < asked->tries[best]) best = i;
  }
  if (best < asked->order.size()) attempt(asked, best, true);
}

void SimulatedServers::attempt(const std::shared_ptr<Asked>& asked, std::size_t i, bool waited_for) {
  const auto& server = asked->order[i];
  const auto place = place_of(server);
  const auto& how = servers_[place];
  const auto sent = now_;
  ++asked->tries[i];
  ++seen_[place].asked;
  const auto given_up = std::make_shared<bool>(false);
  const auto ended = std::make_shared<bool>(false);

  if (!how.dead(now()) && !happens(how.loss)) {
    after(how.rtt + (asked->luck < how.thinks ? milliseconds(300) : milliseconds(0)), [=, this] {
      *ended = true;
      server->replied(sent, now_);
      if (servers_[place].refuses) {
        server->refused(now_);
        asked->refused[i] = true;
        if (!asked->done && waited_for) next(asked);
        return;
      }
      if (std::exchange(asked->done, true)) return;
      ++answered_;
      const auto took = std::chrono::duration<double, std::milli>(now_ - asked->at).count();
      total_ms_ += took;
      long_ += took >= 200;
    });
  }
  auto patience = std::min<Health::Duration>(server->health().patience(), kAttempt);
  if (asked->order.size() == 1)
    patience = std::min<Health::Duration>(patience * (1 << (asked->tries[i] - 1)), kAttempt);
  // Nobody gives up what nobody waits for, a copy or what was outrun: it is forgotten a while later.
  after(kForgotten, [=, this] {
    if (!*ended && !*given_up) server->failed(sent, now_);
  });
  if (!waited_for) return;
  after(std::chrono::ceil<milliseconds>(patience), [=, this] {
    if (*ended || asked->done) return;
    *given_up = true;
    server->failed(sent, now_);
    next(asked);
  });
}

}  // namespace meridian::test
